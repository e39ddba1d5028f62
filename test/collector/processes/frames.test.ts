import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FrameWriter, onMessages } from '../../../collector/processes/frames.ts';
import { seeded } from '../../random.ts';

const open: { end: () => void }[] = [];
afterEach(() => {
  for (const { end } of open.splice(0)) end();
});

/** Both ends of a Unix socket. */
async function connection(): Promise<[Socket, Socket]> {
  const directory = mkdtempSync(join(tmpdir(), 'frames-'));
  const server = createServer();
  server.listen(join(directory, 'peer.sock'));
  await once(server, 'listening');
  const near = connect(join(directory, 'peer.sock'));
  const [far] = (await once(server, 'connection')) as [Socket];
  open.push({
    end: () => {
      near.destroy();
      far.destroy();
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  });
  return [near, far];
}

const message = (number: number, length: number) => Buffer.alloc(length, `${number}:`);
const put = (writer: FrameWriter, number: number, bytes: Buffer) =>
  writer.write(number, bytes.length + 9, (into, at) => at + bytes.copy(into, at));

test('Frames of all sizes come as they were written, in their order, however many are written in a turn', async () => {
  const [near, far] = await connection();
  const random = seeded(5);
  const sizes = [0, 1, 7, 8, 300_000, 1_000_000, 262_144 - 8, 262_145];
  while (sizes.length < 2_000) sizes.push(Math.floor(random() ** 4 * 100_000));
  const writer = new FrameWriter(near);
  const done = new Promise<void>((resolve) => {
    let came = 0;
    onMessages(far, (number, bytes) => {
      expect(number).toBe(came);
      expect(bytes.equals(message(number, sizes[came]!))).toBe(true);
      if (++came === sizes.length) resolve();
    });
  });
  for (const [number, size] of sizes.entries()) {
    put(writer, number, message(number, size));
    if (random() < 0.05) await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
});

test('Frames are told apart wherever the bytes are cut', () => {
  const frames = [0, 3, 40, 1].map((length, number) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(length, 0);
    head.writeUInt32BE(number, 4);
    return Buffer.concat([head, message(number, length)]);
  });
  const bytes = Buffer.concat(frames);
  for (let first = 0; first <= bytes.length; first++)
    for (let second = first; second <= bytes.length; second++) {
      const came: string[] = [];
      let say: (chunk: Buffer) => void = () => {};
      const socket = { on: (_: string, listener: typeof say) => (say = listener) } as unknown as Socket;
      onMessages(socket, (number, content) => came.push(`${number} ${content}`));
      for (const part of [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)])
        say(part);
      expect(came).toEqual([0, 3, 40, 1].map((length, number) => `${number} ${message(number, length)}`));
    }
});

test('What is written to a connection that breaks does not come into what is written to the next', async () => {
  const [near] = await connection();
  const writer = new FrameWriter(near);
  near.on('error', () => {});
  for (let number = 0; number < 50; number++) put(writer, number, message(number, 100_000));
  near.destroy();
  put(writer, 50, message(50, 100_000));
  const [next, far] = await connection();
  const second = new FrameWriter(next);
  const came: boolean[] = [];
  const done = new Promise<void>((resolve) =>
    onMessages(far, (number, bytes) => {
      came.push(bytes.equals(message(number, 1_000 * number)));
      if (number === 99) resolve();
    }),
  );
  for (let number = 0; number < 100; number++) {
    put(second, number, message(number, 1_000 * number));
    if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
  expect(came).toEqual(Array(100).fill(true));
});
