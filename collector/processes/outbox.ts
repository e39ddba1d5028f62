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

interface Sum extends SentOn {
  accepted: number;
  duplicates: number;
  readonly rejected: SentOn['rejected'][number][];
}

interface Parcel {
  readonly to: number;
  readonly sourceKind: string;
  readonly events: McpEvent[];
  /** Where each of them stood in the request. */
  readonly indexes: number[];
}

/** Events in one message: parsing costs the least at this size, and holds nobody up. */
const MESSAGE_EVENTS = 100;

export class Outbox {
  readonly #peers: Peers;
  readonly #sourceKind: string;
  readonly #parcels: (Parcel | undefined)[] = [];

  constructor(peers: Peers, sourceKind: string) {
    this.#peers = peers;
    this.#sourceKind = sourceKind;
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
    const answers = await Promise.allSettled(parcels.map((parcel) => this.#deliver(parcel)));
    const sum = nothing();
    for (const answer of answers) {
      if (answer.status === 'rejected') throw answer.reason;
      add(sum, answer.value);
    }
    return sum;
  }

  /** One message after the other, so that the events of a session keep their order. */
  async #deliver({ to, sourceKind, events, indexes }: Parcel): Promise<SentOn> {
    const sum = nothing();
    for (let from = 0; from < events.length; from += MESSAGE_EVENTS) {
      const message = events.slice(from, from + MESSAGE_EVENTS);
      const answer = await this.#peers.send(to, sourceKind, message);
      const rejected = answer.rejected.map((one) => ({ ...one, index: indexes[from + one.index] as number }));
      // What is counted in windows only is counted with the event itself.
      if (sourceKind !== WINDOW_COPY) add(sum, { ...answer, rejected });
    }
    return sum;
  }

  #add(to: number, sourceKind: string, event: McpEvent, index: number): void {
    const slot = 2 * to + (sourceKind === WINDOW_COPY ? 1 : 0);
    this.#parcels[slot] ??= { to, sourceKind, events: [], indexes: [] };
    const { events, indexes } = this.#parcels[slot];
    events.push(event);
    indexes.push(index);
  }
}

const nothing = (): Sum => ({ accepted: 0, duplicates: 0, rejected: [] });

function add(sum: Sum, { accepted, duplicates, rejected }: SentOn): void {
  sum.accepted += accepted;
  sum.duplicates += duplicates;
  sum.rejected.push(...rejected);
}
