/** Every pair of server and client over HTTP, and what only that pair decides. */
import type { RequestListener } from 'node:http';
import { StreamableHTTPClientTransport as ClientTransportV2 } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport as ClientTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { handlerV2, statefulV1, statefulV2, statelessV1, type Watch } from './listening.ts';
import { type Words, type Worker, workerV1, workerV2, workOut } from './workout.ts';

export interface HttpCase {
  readonly name: string;
  readonly listener: (watch: Watch) => RequestListener;
  readonly client: (url: URL) => { worker: Promise<Worker>; leave: () => Promise<void> };
  readonly words: Words;
  /** What a call in flight becomes when its client leaves. */
  readonly left: string;
  readonly sessions: 0 | 1;
  /** Whether a call says which client made it. */
  readonly namesClient: boolean;
}

const TIMED_OUT = { timeout: 'slow cancelled unknown -32001' };
const STREAM_CLOSED = { timeout: 'slow cancelled caller' };
const ABORTED = 'slow aborted transport';

const v1 = (url: URL) => {
  const transport = new ClientTransportV1(url);
  return { worker: workerV1(transport), leave: () => transport.terminateSession() };
};
const v2 = (era: 'legacy' | 'modern') => (url: URL) => {
  const transport = new ClientTransportV2(url);
  return { worker: workerV2(transport, era), leave: () => transport.terminateSession() };
};

const sessions = { words: TIMED_OUT, left: ABORTED, sessions: 1, namesClient: true } as const;
// Without sessions a legacy client says its name once, on an exchange that no other is linked to.
const stateless = { words: TIMED_OUT, left: ABORTED, sessions: 0, namesClient: false } as const;

export const httpCases: readonly HttpCase[] = [
  { name: 'v1 server with sessions, v1 client', listener: statefulV1, client: v1, ...sessions },
  { name: 'v1 server without sessions, v1 client', listener: statelessV1, client: v1, ...stateless },
  { name: 'v2 server with sessions, v2 client', listener: statefulV2, client: v2('legacy'), ...sessions },
  { name: 'v2 handler, v1 client', listener: handlerV2, client: v1, ...stateless },
  {
    name: 'v2 handler, v2 client of the stateless revision',
    listener: handlerV2,
    client: v2('modern'),
    words: STREAM_CLOSED,
    left: 'slow cancelled caller',
    sessions: 0,
    namesClient: true,
  },
];

/** Works out, leaves a call behind and goes. Returns the summary each call must have. */
export async function visit({ client, words, left }: HttpCase, url: URL): Promise<string[]> {
  const { worker: connecting, leave } = client(url);
  const worker = await connecting;
  const expected = await workOut(worker, words);
  const leftBehind = worker.call('slow', { ms: 3_000 }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expected.push(left);
  await leave().catch(() => undefined);
  await worker.close();
  await leftBehind;
  await new Promise((resolve) => setTimeout(resolve, 200));
  return expected;
}
