import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LookoutEvent } from '../../observe/src/events.ts';
import { Exporter } from '../../observe/src/exporter.ts';
import { retryAfter } from '../../observe/src/post.ts';
import { type ObserveOptions, resolveSettings } from '../../observe/src/settings.ts';
import { startReceiver } from './receiver.ts';

const exporterTo = (url: string, options: ObserveOptions = {}) =>
  new Exporter(resolveSettings({ url, ...options }, {}));

const event = (id: string): LookoutEvent => ({
  kind: 'session_end',
  id,
  time: new Date().toISOString(),
  server: 'srv',
  reason: 'done',
});
const add = (exporter: Exporter, ...ids: string[]) => {
  for (const id of ids) exporter.add(() => event(id));
};
const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);

describe('the exporter', () => {
  test('sends what is added by itself, in order, in batches of NDJSON', async () => {
    await using receiver = await startReceiver();
    const exporter = exporterTo(receiver.url);
    const many = Array.from({ length: 1_200 }, (_, i) => `e${i}`);
    add(exporter, ...many);
    await receiver.until('session_end', many.length);
    expect(ids(receiver.events)).toEqual(many);
    expect(receiver.requests.length).toBeLessThan(10);
    expect(receiver.requests[0]?.['content-type']).toBe('application/x-ndjson');
    await exporter.flush(2_000);
    expect(exporter.stats).toMatchObject({ queued: 0, accepted: 1_200, dropped: 0 });
  });

  test('sends again what was refused for the moment, and each event once', async () => {
    await using receiver = await startReceiver((response, _batch, attempt) => {
      if (attempt > 2) return true;
      response.writeHead(attempt === 1 ? 503 : 429, { 'retry-after': '0' }).end();
      return false;
    });
    const exporter = exporterTo(receiver.url);
    add(exporter, 'a', 'b');
    await receiver.until('session_end', 2);
    expect(ids(receiver.events)).toEqual(['a', 'b']);
    expect(receiver.requests).toHaveLength(3);
  });

  test('waits as long as Retry-After says', async () => {
    const at: number[] = [];
    await using receiver = await startReceiver((response, _batch, attempt) => {
      at.push(performance.now());
      if (attempt > 1) return true;
      response.writeHead(503, { 'retry-after': '1' }).end();
      return false;
    });
    add(exporterTo(receiver.url), 'a');
    await receiver.until('session_end', 1);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(990);
  });

  test('reads Retry-After as seconds or a date, and never waits longer than five minutes', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfter('3', now)).toBe(3_000);
    expect(retryAfter('Thu, 01 Jan 2026 00:00:07 GMT', now)).toBe(7_000);
    expect(retryAfter('Thu, 01 Jan 2025 00:00:00 GMT', now)).toBe(0);
    expect(retryAfter('99999999999999999999', now)).toBe(300_000);
    expect(retryAfter('soon', now)).toBeUndefined();
    expect(retryAfter(undefined, now)).toBeUndefined();
  });

  test('counts events refused one by one and does not send them again', async () => {
    await using receiver = await startReceiver((response, batch) => {
      const rejected = batch
        .filter(({ id }) => id === 'bad')
        .map(({ id }, index) => ({ index, id, error: 'no' }));
      response
        .writeHead(202)
        .end(JSON.stringify({ accepted: batch.length - rejected.length, duplicates: 0, rejected }));
      return false;
    });
    const exporter = exporterTo(receiver.url);
    add(exporter, 'a', 'bad', 'c');
    expect(await exporter.flush(2_000)).toBe(true);
    expect(exporter.stats).toMatchObject({ accepted: 2, rejected: 1, queued: 0 });
    expect(receiver.requests).toHaveLength(1);
  });

  test('gives up a batch that the collector calls wrong, and goes on', async () => {
    await using receiver = await startReceiver((response, _batch, attempt) => {
      if (attempt > 1) return true;
      response.writeHead(400).end('{"error":"no"}');
      return false;
    });
    const exporter = exporterTo(receiver.url);
    add(exporter, 'a');
    await exporter.flush(2_000);
    add(exporter, 'b');
    await exporter.flush(2_000);
    expect(exporter.stats).toMatchObject({
      rejected: 1,
      accepted: 1,
      lastError: 'the collector answered 400',
    });
  });

  test('makes batches smaller when they are too large', async () => {
    await using receiver = await startReceiver((response, batch) => {
      if (batch.length <= 2) return true;
      response.writeHead(413).end();
      return false;
    });
    const exporter = exporterTo(receiver.url);
    add(exporter, 'a', 'b', 'c', 'd', 'e');
    for (let i = 0; i < 4; i++) await exporter.flush(2_000);
    expect(ids(receiver.events)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('drops the oldest when the queue is full, and tells the collector how many', async () => {
    let up = false;
    await using receiver = await startReceiver((response) => {
      if (up) return true;
      response.writeHead(503).end();
      return false;
    });
    const exporter = exporterTo(receiver.url, { maxQueuedEvents: 3 });
    add(exporter, 'a', 'b', 'c', 'd', 'e');
    expect(await exporter.flush(2_000)).toBe(false);
    expect(exporter.stats).toMatchObject({ queued: 3, dropped: 2 });
    up = true;
    expect(await exporter.flush(2_000)).toBe(true);
    expect(ids(receiver.events)).toEqual(['c', 'd', 'e']);
    expect(receiver.requests.at(-1)?.['mcp-lookout-dropped-events']).toBe('2');
    add(exporter, 'f');
    await exporter.flush(2_000);
    expect(receiver.requests.at(-1)?.['mcp-lookout-dropped-events']).toBeUndefined();
  });

  test('tells again how many it dropped when the batch that said so was called wrong', async () => {
    const answers = [503, 400, 202, 202];
    await using receiver = await startReceiver((response, _batch, attempt) => {
      response.writeHead(answers[attempt - 1]!).end('{}');
      return false;
    });
    const exporter = exporterTo(receiver.url, { maxQueuedEvents: 1 });
    add(exporter, 'a', 'b');
    await exporter.flush(2_000);
    await exporter.flush(2_000);
    for (const id of ['c', 'd']) {
      add(exporter, id);
      await exporter.flush(2_000);
    }
    const told = receiver.requests.map((headers) => headers['mcp-lookout-dropped-events']);
    expect(told).toEqual(['1', '1', '1', undefined]);
  });

  test('gives up flushing at its deadline when nobody answers', async () => {
    await using receiver = await startReceiver(() => false);
    const exporter = exporterTo(receiver.url);
    add(exporter, 'a');
    expect(await exporter.flush(100)).toBe(false);
  });

  test('reads the token from its file each time, and sends it to the collector alone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'observe-token-'));
    const tokenFile = join(directory, 'token');
    try {
      await using elsewhere = await startReceiver();
      await using receiver = await startReceiver((response, _batch, attempt) => {
        if (attempt !== 2) return true;
        response.writeHead(307, { location: `${elsewhere.url}/v1/events` }).end();
        return false;
      });
      const exporter = exporterTo(receiver.url, { tokenFile });
      writeFileSync(tokenFile, 'first\n');
      add(exporter, 'a');
      await exporter.flush(2_000);
      writeFileSync(tokenFile, 'second\n');
      add(exporter, 'b');
      await exporter.flush(2_000);
      await exporter.flush(2_000);
      const sent = receiver.requests.map(({ authorization }) => authorization);
      expect(sent).toEqual(['Bearer first', 'Bearer second', 'Bearer second']);
      expect(elsewhere.requests).toEqual([]);
      rmSync(tokenFile);
      add(exporter, 'c');
      expect(await exporter.flush(2_000)).toBe(false);
      expect(exporter.stats.lastError).toContain('ENOENT');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('settings', () => {
  test('come from the options, then the environment, then defaults', () => {
    const env = { MCP_LOOKOUT_URL: 'https://lookout.test/base', MCP_LOOKOUT_SERVER_NAME: 'from-env' };
    expect(resolveSettings({}, {}).endpoint.href).toBe('http://127.0.0.1:4318/v1/events');
    expect(resolveSettings({}, env).endpoint.href).toBe('https://lookout.test/base/v1/events');
    expect(resolveSettings({}, env).server).toBe('from-env');
    expect(resolveSettings({ server: 'own' }, env).server).toBe('own');
    expect(resolveSettings({}, env).payloads).toBeUndefined();
  });

  test.each([
    [{ url: 'lookout' }, 'MCP_LOOKOUT_URL (url) is no URL; give it as http://127.0.0.1:4318'],
    [{ url: 'ftp://x' }, 'MCP_LOOKOUT_URL (url) must begin with http:// or https://'],
    [{ maxQueuedEvents: 0 }, 'maxQueuedEvents must be a whole number above 0'],
  ])('that cannot be used are named: %o', (options, message) => {
    expect(() => resolveSettings(options, {})).toThrow(message);
  });
});
