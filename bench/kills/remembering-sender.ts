/**
 * A sender as it should be: it sends a batch again until it is answered 202, in order, and remembers every event that
 * was. One session at a time, each with its own number of calls, so that the collector's count can be compared.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../run/replay/random.ts';
import { type Answer, Connection } from '../load/connection.ts';

const MOST_IN_BATCH = 40;
/** Fewer than a timeline shows. */
const MOST_IN_SESSION = 900;
const RETRY_MS = 20;
const PAUSE_MS = 2;

/** What one session was sent. Ids rise in the order of sending. */
export interface SentSession {
  /** Stands in the field `user`, since the collector does not show a session's own id. */
  readonly user: string;
  /** Ids of the events that were answered with a success. */
  readonly acknowledged: string[];
}

export class RememberingSender {
  readonly sessions: SentSession[] = [];
  /** Batches whose answer did not come, so that they were sent again. */
  resent = 0;
  readonly #name: string;
  readonly #chance: Random;
  readonly #portOf: () => number | undefined;
  readonly #timeMs: number;
  #connection: Connection | undefined;
  #stopping = false;

  /** `portOf`: where the collector listens, undefined while it does not. `timeMs`: the time of every event. */
  constructor(name: string, chance: Random, timeMs: number, portOf: () => number | undefined) {
    this.#name = name;
    this.#chance = chance;
    this.#timeMs = timeMs;
    this.#portOf = portOf;
  }

  /** Sends until `stop`, and then what has not been answered yet. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      const user = `${this.#name}-${this.sessions.length}`;
      const session: SentSession = { user, acknowledged: [] };
      this.sessions.push(session);
      const calls = Math.ceil(this.#chance.between(0, MOST_IN_SESSION));
      for (let first = 0; first < calls && !this.#stopping; ) {
        const count = Math.min(calls - first, Math.ceil(this.#chance.between(0, MOST_IN_BATCH)));
        const ids = Array.from({ length: count }, (_, i) => `${user}-${String(first + i).padStart(4, '0')}`);
        await this.#deliver(JSON.stringify(ids.map((id) => this.#event(id, user))));
        session.acknowledged.push(...ids);
        first += count;
        await sleep(PAUSE_MS);
      }
    }
    this.#connection?.close();
  }

  stop(): void {
    this.#stopping = true;
  }

  async #deliver(body: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#send(Buffer.from(body)).catch(() => undefined);
      if (answer?.status === 202) return;
      if (answer !== undefined && answer.status !== 503 && answer.status !== 429)
        throw new Error(`a batch was answered ${answer.status} ${answer.body}`);
      if (answer === undefined) this.#connection = undefined;
      if (attempt === 0) this.resent++;
      await sleep(RETRY_MS);
    }
  }

  async #send(body: Buffer): Promise<Answer> {
    const port = this.#portOf();
    if (port === undefined) throw new Error('the collector is away');
    this.#connection ??= await Connection.open(port);
    const head = 'POST /v1/events HTTP/1.1\r\nhost: kills\r\ncontent-type: application/json';
    return this.#connection.send(`${head}\r\ncontent-length: ${body.length}\r\n\r\n`, body);
  }

  #event(id: string, user: string) {
    return {
      id,
      time: new Date(this.#timeMs).toISOString(),
      kind: 'tool_call',
      server: 'files',
      tool: 'read',
      outcome: 'ok',
      user,
      session: { id: user, type: 'kills' },
    };
  }
}
