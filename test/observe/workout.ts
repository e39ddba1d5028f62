/** The same calls by clients of both SDK majors, and what each must count as. */

import type { Transport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';

export const CLIENT_NAME = 'worker';

/** A client of either major, reduced to what the workout asks of it. */
export interface Worker {
  call(tool: string, args: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  listTools(): Promise<unknown>;
  close(): Promise<void>;
}
interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

const info = { name: CLIENT_NAME, version: '1.2.3' };

export async function workerV1(transport: TransportV1): Promise<Worker> {
  const client = new ClientV1(info);
  await client.connect(transport);
  return {
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
    listTools: () => client.listTools(),
    close: () => client.close(),
  };
}

export async function workerV2(transport: TransportV2, era: 'legacy' | 'modern' = 'legacy'): Promise<Worker> {
  const client = new ClientV2(info, {
    versionNegotiation: { mode: era === 'legacy' ? 'legacy' : { pin: '2026-07-28' } },
  });
  await client.connect(transport);
  return {
    call: (name, args, options) => client.callTool({ name, arguments: args }, options),
    listTools: () => client.listTools(),
    close: () => client.close(),
  };
}

/** How a peer's silence shows: with the client's word for why, or only as a closed stream. */
export interface Words {
  /** Summary of a call that timed out. */
  readonly timeout: string;
}

/** Makes the calls and returns the summary each must have. */
export async function workOut(worker: Worker, words: Words): Promise<string[]> {
  const expected: string[] = [];
  const calls = async (
    summary: string,
    tool: string,
    args: Record<string, unknown>,
    options?: CallOptions,
  ) => {
    expected.push(summary);
    await worker.call(tool, args, options).catch(() => undefined);
  };
  await worker.listTools();
  for (let i = 0; i < 3; i++) await calls('echo ok none', 'echo', { say: `${i}` });
  await calls('fails tool_error tool', 'fails', {});
  await calls('picky tool_error caller', 'picky', { count: 'many' });
  await calls('nonesuch protocol_error caller -32602', 'nonesuch', {});
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => calls('echo ok none', 'echo', { say: 'x'.repeat(i) })),
  );
  await Promise.all([
    calls('slow ok none', 'slow', { ms: 30 }),
    calls('echo ok none', 'echo', { say: 'beside it' }),
  ]);
  const giveUp = new AbortController();
  const cancelled = calls('slow cancelled caller', 'slow', { ms: 5_000 }, { signal: giveUp.signal });
  setTimeout(() => giveUp.abort('changed my mind'), 150);
  await cancelled;
  await calls(words.timeout, 'slow', { ms: 5_000 }, { timeout: 150 });
  await calls('echo ok none', 'echo', { say: 'still here' });
  return expected;
}
