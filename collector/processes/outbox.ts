/** The events of one request that belong to other processes: collected while it is read, sent before it is answered. */
import type { McpEvent } from '../catalogue/events.ts';
import type { Peers } from './peers.ts';
import { ownerOf, WINDOW_COPY, windowOwnerOf } from './routing.ts';

/** What became of events that were sent on. `index`: place of an event in the request. */
export interface SentOn {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly {
    readonly index: number;
    readonly id: string | null;
    readonly error: string;
  }[];
}

interface Parcel {
  readonly to: number;
  readonly sourceKind: string;
  /** One event a line. */
  lines: string;
  /** Where each line stood in the request. */
  readonly indexes: number[];
}

export class Outbox {
  readonly #peers: Peers;
  readonly #sourceKind: string;
  readonly #parcels: (Parcel | undefined)[] = [];

  constructor(peers: Peers, sourceKind: string) {
    this.#peers = peers;
    this.#sourceKind = sourceKind;
  }

  get isEmpty(): boolean {
    return this.#parcels.length === 0;
  }

  /** True when the event belongs to another process, which will be sent it. A copy goes to whoever counts it in bursts. */
  takes(event: McpEvent, index: number): boolean {
    const { own, processes } = this.#peers;
    const owner = ownerOf(event, processes);
    // Its owner is its server's, which need not know the session.
    if (event.kind === 'tool_list') delete (event as { session?: unknown }).session;
    const windowOwner = windowOwnerOf(event, processes);
    if (windowOwner !== undefined && windowOwner !== owner) {
      // Without its session: the other process has nothing to do with that.
      const { session: _session, ...copy } = event;
      this.#add(windowOwner, WINDOW_COPY, copy as McpEvent, index);
    }
    if (owner === own) return false;
    this.#add(owner, this.#sourceKind, event, index);
    return true;
  }

  /** Sends all of it. Throws a Refusal when an owner cannot take its events now. */
  async send(): Promise<SentOn> {
    const parcels = this.#parcels.filter((parcel) => parcel !== undefined);
    const answers = await Promise.allSettled(
      parcels.map(async (parcel) => {
        const { to, sourceKind, lines, indexes } = parcel;
        const answer = await this.#peers.send(to, sourceKind, lines);
        if (sourceKind === WINDOW_COPY) return { accepted: 0, duplicates: 0, rejected: [] };
        const rejected = answer.rejected.map((one) => ({ ...one, index: indexes[one.index] ?? one.index }));
        return { ...answer, rejected };
      }),
    );
    const sum = { accepted: 0, duplicates: 0, rejected: [] as SentOn['rejected'][number][] };
    for (const answer of answers) {
      if (answer.status === 'rejected') throw answer.reason;
      sum.accepted += answer.value.accepted;
      sum.duplicates += answer.value.duplicates;
      sum.rejected.push(...answer.value.rejected);
    }
    return sum;
  }

  #add(to: number, sourceKind: string, event: McpEvent, index: number): void {
    const slot = 2 * to + (sourceKind === WINDOW_COPY ? 1 : 0);
    this.#parcels[slot] ??= { to, sourceKind, lines: '', indexes: [] };
    const parcel = this.#parcels[slot];
    parcel.lines += `${JSON.stringify(event)}\n`;
    parcel.indexes.push(index);
  }
}
