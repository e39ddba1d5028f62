/**
 * What each kind of source can show by its nature, or has shown so far. A source that cannot see denials reports none,
 * which looks like peace; so a dashboard asks here first whether it could be seen at all.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { EventOf, McpEvent } from '../catalogue/events.ts';
import { type Capability, capabilities, sourceKind } from '../catalogue/labels.ts';
import { sourceCapability } from '../catalogue/metrics.ts';
import type { Instruments } from '../instruments.ts';
import { capabilitiesBySource } from '../receive/sources/registry.ts';

/** Capabilities that every event of a kind shows. */
const shownByKind: Readonly<Record<McpEvent['kind'], readonly Capability[]>> = {
  tool_call: ['tool_calls'],
  session_start: ['sessions'],
  session_end: ['sessions'],
  policy_decision: ['policy_decisions'],
  dlp_block: ['dlp_blocks'],
  auth_failure: ['auth_failures'],
  tool_list: ['tool_lists'],
};

/** What a call can show, a bit each. */
export const SHOWS = {
  calls: 1,
  sessions: 2,
  clients: 4,
  users: 8,
  toolErrors: 16,
  payloads: 32,
  bytes: 64,
} as const;
/** Kinds of source whose bits are remembered; there are a few. */
const SOURCES = 100;

const savedCapabilities = Type.Array(
  Type.Object({
    source: Type.String(),
    sees: Type.Array(Type.Unsafe<Capability>({ type: 'string', enum: [...capabilities] })),
  }),
);
const savedCheck = Compile(savedCapabilities);

export class Capabilities {
  readonly #instruments: Instruments;
  /** By source kind, bounded as a label. */
  readonly #seen = new Map<string, Set<Capability>>();
  /** By source kind, what its calls have shown, a bit for each thing: nearly every call shows nothing new. */
  readonly #shownByCalls = new Map<string, number>();

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  observe(source: string, event: McpEvent): void {
    if (event.kind === 'tool_call' && this.#isShown(source, event)) return;
    const seen = this.#of(source);
    for (const capability of shownByKind[event.kind]) this.#show(source, seen, capability);
    if (event.session) this.#show(source, seen, 'sessions');
    if (event.client) this.#show(source, seen, 'clients');
    if (event.user !== undefined) this.#show(source, seen, 'users');
    if (event.kind !== 'tool_call') return;
    if (event.outcome === 'tool_error') this.#show(source, seen, 'tool_errors');
    if (event.arguments !== undefined || event.result !== undefined) this.#show(source, seen, 'payloads');
    if (event.request_bytes !== undefined || event.response_bytes !== undefined)
      this.#show(source, seen, 'bytes');
  }

  /** Whether a call shows nothing that calls of its source have not shown. */
  #isShown(source: string, call: EventOf<'tool_call'>): boolean {
    const shows =
      SHOWS.calls |
      (call.session === undefined ? 0 : SHOWS.sessions) |
      (call.client === undefined ? 0 : SHOWS.clients) |
      (call.user === undefined ? 0 : SHOWS.users) |
      (call.outcome === 'tool_error' ? SHOWS.toolErrors : 0) |
      (call.arguments === undefined && call.result === undefined ? 0 : SHOWS.payloads) |
      (call.request_bytes === undefined && call.response_bytes === undefined ? 0 : SHOWS.bytes);
    if (this.haveShown(source, shows)) return true;
    const shown = this.#shownByCalls.get(source) ?? 0;
    if (this.#shownByCalls.size >= SOURCES) this.#shownByCalls.clear();
    this.#shownByCalls.set(source, shown | shows);
    return false;
  }

  /** Whether calls of a source have shown all of this before; else the call is to be observed. */
  haveShown(source: string, shows: number): boolean {
    return (shows & ~(this.#shownByCalls.get(source) ?? 0)) === 0;
  }

  /** Whether any source has shown that it can see this. */
  some(capability: Capability): boolean {
    return [...this.#seen.values()].some((sees) => sees.has(capability));
  }

  snapshot(): Static<typeof savedCapabilities> {
    return [...this.#seen].map(([source, sees]) => ({ source, sees: [...sees] }));
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const { source, sees } of saved) {
      const seen = this.#of(source);
      for (const capability of sees) this.#show(source, seen, capability);
    }
    return true;
  }

  /** What a source shows; the first time, all that it can is shown as 1 and all else as 0. */
  #of(source: string): Set<Capability> {
    const name = this.#instruments.bounded(sourceKind, source);
    const known = this.#seen.get(name);
    if (known) return known;
    const created = new Set<Capability>(capabilitiesBySource.get(name));
    this.#seen.set(name, created);
    for (const sees of capabilities) {
      this.#instruments.set(sourceCapability, { source: name, sees }, created.has(sees) ? 1 : 0);
    }
    return created;
  }

  #show(source: string, seen: Set<Capability>, sees: Capability): void {
    if (seen.has(sees)) return;
    seen.add(sees);
    this.#instruments.set(
      sourceCapability,
      { source: this.#instruments.bounded(sourceKind, source), sees },
      1,
    );
  }
}
