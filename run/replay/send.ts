/** Sends a replay to a collector in its own time, as a gateway would: in small batches, again when told to wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Replay } from './replay.ts';
import type { TimedEvent } from './timed-event.ts';

/** How long a gateway gathers events before it sends them. */
const BATCH_MS = 200;
const RETRIES = 10;

interface SendOptions {
  /** Begins every id, so that two replays into one collector do not look like one. */
  readonly run: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (sentEvents: number) => void;
}

export interface Sent {
  readonly accepted: number;
  /** Sentences of the collector about events it refused. */
  readonly rejected: readonly string[];
}

interface Answer {
  readonly accepted: number;
  readonly rejected: readonly { readonly index: number; readonly error: string }[];
}

/** Settles when everything is sent. Event times are when they were planned, hence just past. */
export async function sendReplay(
  ingestUrl: string,
  replay: Pick<Replay, 'events'>,
  { run, signal, onProgress }: SendOptions,
): Promise<Sent> {
  const startedMs = Date.now();
  const rejected: string[] = [];
  let accepted = 0;
  let next = 0;
  while (next < replay.events.length) {
    const nowMs = Date.now() - startedMs;
    const from = next;
    while (next < replay.events.length && replay.events[next]!.atMs <= nowMs) next++;
    if (next > from) {
      const lines = replay.events
        .slice(from, next)
        .map((timed, i) => line(timed, `${run}-${from + i}`, startedMs));
      const answer = await post(`${ingestUrl}/v1/events`, lines.join('\n'), signal);
      accepted += answer.accepted;
      rejected.push(...answer.rejected.map(({ error }) => error));
      onProgress?.(next);
    }
    await sleep(BATCH_MS, undefined, { signal });
  }
  return { accepted, rejected };
}

function line({ atMs, event }: TimedEvent, id: string, startedMs: number): string {
  return JSON.stringify({ id, time: new Date(startedMs + atMs).toISOString(), ...event });
}

/** Throws one sentence when the collector refuses the request, or does not take it after several tries. */
async function post(url: string, body: string, signal?: AbortSignal): Promise<Answer> {
  const request = { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body, signal };
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(url, request);
    if (response.ok) return (await response.json()) as Answer;
    const mayTryAgain = response.status === 429 || response.status === 503;
    const text = await response.text();
    if (!mayTryAgain || attempt === RETRIES) {
      throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
    }
    await sleep(Number(response.headers.get('retry-after') ?? 1) * 1_000, undefined, { signal });
  }
}
