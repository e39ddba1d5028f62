/** Sends events to a collector at their time, as many senders would: whatever is due goes out in one request. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { McpEvent } from '../../collector/catalogue/events.ts';

/** An event to come: when it happens and when it arrives, in milliseconds from the start. */
export interface Due {
  readonly happensAtMs: number;
  /** Later than it happens for late events; the same by default. */
  readonly arrivesAtMs?: number;
  readonly event: Unstamped;
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An event without its id and time, which the schedule gives it. */
export type Unstamped = Without<McpEvent, 'id' | 'time'>;

const arrival = ({ arrivesAtMs, happensAtMs }: Due) => arrivesAtMs ?? happensAtMs;
const TICK_MS = 50;

/** Posts events; throws unless every one was accepted. */
export async function post(ingestUrl: string, events: readonly McpEvent[]): Promise<void> {
  const response = await fetch(`${ingestUrl}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  const answer = (await response.json()) as { accepted?: number };
  if (response.status !== 202 || answer.accepted !== events.length) {
    throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  }
}

/** Sends the whole schedule, in order of arrival. Returns the wall-clock time of its start. */
export async function play(ingestUrl: string, schedule: readonly Due[]): Promise<number> {
  const start = Date.now();
  const waiting = [...schedule].sort((a, b) => arrival(a) - arrival(b));
  while (waiting.length > 0) {
    const now = Date.now() - start;
    const due = waiting.findIndex((next) => arrival(next) > now);
    const batch = waiting.splice(0, due === -1 ? waiting.length : due);
    if (batch.length > 0) {
      const stamped = batch.map(({ event, happensAtMs }) => ({
        ...event,
        id: randomUUID(),
        time: new Date(start + happensAtMs).toISOString(),
      }));
      await post(ingestUrl, stamped);
    }
    await sleep(TICK_MS);
  }
  return start;
}
