/** The memory of a body is given back early, and never while somebody may need it. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { collectorDefaults } from '../../../collector/config.ts';
import { free, readBody } from '../../../collector/receive/body.ts';
import { BytesInFlight } from '../../../collector/receive/in-flight.ts';

const limits = { ...collectorDefaults.limits, bodyBytes: 100, inflatedBytes: 1_000_000 };
const claim = () => new BytesInFlight(10_000_000).claim();
const own = (text: string) => Buffer.from(new TextEncoder().encode(text).buffer);

const request = (chunks: readonly Buffer[], encoding?: string) =>
  Object.assign(Readable.from(chunks, { objectMode: false }), {
    headers: { 'content-encoding': encoding },
  }) as unknown as IncomingMessage;

test('the parts of a body are given back once they are put together', async () => {
  const parts = [own('[1,'), own('2]')];
  expect((await readBody(request(parts), limits, claim())).toString()).toBe('[1,2]');
  for (const { buffer } of parts) expect(buffer.detached).toBe(true);
});

test('a body in one part is left to who reads it, and given back by them', async () => {
  const part = own('[1,2]');
  const body = await readBody(request([part]), limits, claim());
  expect(body.toString()).toBe('[1,2]');
  free(body);
  expect(part.buffer.detached).toBe(true);
});

test('memory that holds anything else as well is not given back', async () => {
  const shared = own('[1,2]behind');
  const parts = [shared.subarray(0, 3), shared.subarray(3, 5)];
  const body = await readBody(request(parts), limits, claim());
  expect(body.toString()).toBe('[1,2]');
  for (const part of parts) free(part);
  expect(shared.toString()).toBe('[1,2]behind');
});

test('of a body that is refused nothing is given back', async () => {
  const parts = [own('x'.repeat(60)), own('x'.repeat(60))];
  await expect(readBody(request(parts), limits, claim())).rejects.toThrow('larger than 100 bytes');
  for (const part of parts) expect(part.toString()).toBe('x'.repeat(60));
});

test('a body that is inflated into many parts is whole', async () => {
  const text = Array.from({ length: 100_000 }, (_, n) => n % 7).join('');
  const body = await readBody(request([gzipSync(text)], 'gzip'), { ...limits, bodyBytes: 10_000 }, claim());
  expect(body.toString()).toBe(text);
});
