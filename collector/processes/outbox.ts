/** The events of one request that belong to other processes: collected while it is read, sent before it is answered. */
import type { McpEvent } from '../catalogue/events.ts';
import type { CallColumns } from '../receive/calls/call-columns.ts';
import { UNKNOWN_SESSION } from './event-scan.ts';
import { Parcel } from './parcel.ts';
import type { Peers } from './peers.ts';
import { ownerOf, ownerOfSession, WINDOW_COPY, windowOwnerOf } from './routing.ts';

/** What became of events that were sent on. `index`: place of an event in the request. */
export interface SentOn {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly {
    readonly index: number;
    readonly id: string | null;
    readonly error: string;
  }[];
  /** How many were rejected, when that is more than are listed. */
  readonly rejected_total?: number;
}

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
      this.#addText(windowOwner, WINDOW_COPY, copy, index);
    }
    if (owner === own) return false;
    this.#addText(owner, this.#sourceKind, event, index);
    return true;
  }

  /** Whether the calls of a session belong to another process; false where it is unknown. */
  isOthers(sessionHash: number): boolean {
    const { own, processes } = this.#peers;
    return sessionHash !== UNKNOWN_SESSION && ownerOfSession(sessionHash, processes) !== own;
  }

  /** Adds such a call, which stands in a body unparsed. */
  add(sessionHash: number, index: number, body: Buffer, from: number, to: number): void {
    const owner = ownerOfSession(sessionHash, this.#peers.processes);
    this.#parcelTo(owner, this.#sourceKind).add(index, body, from, to);
  }

  /** Adds a call of another process that has been read. */
  addCall(index: number, calls: CallColumns, row: number): void {
    const owner = ownerOfSession(calls.settings[row]!.sessionHash, this.#peers.processes);
    this.#parcelTo(owner, this.#sourceKind).addCall(index, calls, row);
  }

  /** Sends all of it. Throws a Refusal when an owner cannot take its events now. */
  async send(): Promise<SentOn> {
    const parcels = this.#parcels.filter((parcel) => parcel !== undefined);
    const answers = await Promise.allSettled(parcels.map((parcel) => this.#peers.send(parcel)));
    let [accepted, duplicates, rejected_total] = [0, 0, 0];
    const rejected: SentOn['rejected'][number][] = [];
    for (const [i, answer] of answers.entries()) {
      if (answer.status === 'rejected') throw answer.reason;
      const { sourceKind, indexes } = parcels[i]!;
      // What is counted in windows only is counted with the event itself.
      if (sourceKind === WINDOW_COPY) continue;
      const { value } = answer;
      accepted += value.accepted;
      duplicates += value.duplicates;
      rejected_total += value.rejected_total ?? value.rejected.length;
      for (const one of value.rejected) rejected.push({ ...one, index: indexes[one.index]! });
    }
    return { accepted, duplicates, rejected, rejected_total };
  }

  #addText(to: number, sourceKind: string, event: object, index: number): void {
    const bytes = Buffer.from(JSON.stringify(event));
    this.#parcelTo(to, sourceKind).add(index, bytes, 0, bytes.length);
  }

  #parcelTo(to: number, sourceKind: string): Parcel {
    const slot = 2 * to + (sourceKind === WINDOW_COPY ? 1 : 0);
    this.#parcels[slot] ??= new Parcel(to, sourceKind);
    return this.#parcels[slot];
  }
}
