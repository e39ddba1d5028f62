/**
 * Several sources may report the same call: the server, a gateway before it, the client. Each call counts once, as its
 * best placed source saw it.
 *
 * Views of one call share their trace and tool. A view of a gateway or a client is taken to be of a call that has
 * counted, or that a better placed source saw, as long as there is one that no other view of its source was; else it
 * counts. Who saw the call better may report later, so these views wait. A server's own view always counts at once:
 * traces are named by callers, and no caller may hide a call.
 *
 * Gateways and clients name the server as it does itself, or by a name of their own, or not. So a view is one of a call
 * to the server of that name if it can be, and of another's only where its source has not named that one itself.
 *
 * A view without a trace gives way if a better placed source has lately reported the same tool of the same server. A
 * call that was refused on its way never reached the server, so its view counts at once, too.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { collectorIgnored } from '../catalogue/collector-metrics.ts';
import { type EventOf, type Perspective, perspectives } from '../catalogue/events.ts';
import type { Outcome } from '../catalogue/labels.ts';
import type { Instruments } from '../instruments.ts';
import { HeldViews, savedHeld } from './held-views.ts';
import type { KnownTools, NamedTool } from './known-tools.ts';
import type { AcceptedEvent } from './pipeline.ts';
import { ServerViews, savedServerViews, type ToolOfServer } from './server-views.ts';
import { type Calls, isSameTool, savedTraces, type ToolInTrace, Traces } from './traces.ts';

/** How long a better placed source speaks for a tool after its last report. */
const SPEAKS_FOR_MS = 600_000;

type ToolCall = EventOf<'tool_call'>;

const savedViews = Type.Object({
  held: savedHeld,
  traces: savedTraces,
  servers: savedServerViews,
  /** When each perspective last reported a tool, by server and tool. */
  reported: Type.Array(Type.Tuple([Type.String(), Type.String(), Type.Array(Type.Number())])),
});
const savedCheck = Compile(savedViews);

const refusedOnTheWay = new Set<Outcome>(['denied', 'blocked', 'auth_denied']);

export class Views {
  readonly #instruments: Instruments;
  readonly #knownTools: KnownTools;
  readonly #held: HeldViews;
  readonly #traces = new Traces();
  readonly #servers = new ServerViews();

  constructor(instruments: Instruments, knownTools: KnownTools) {
    this.#instruments = instruments;
    this.#knownTools = knownTools;
    this.#held = new HeldViews(instruments);
  }

  /** True when the event has to wait for a better view of the same call. */
  hold(accepted: AcceptedEvent): boolean {
    const { event, sourceKind, receivedMs } = accepted;
    if (event.kind !== 'tool_call' || isByServer(event)) return false;
    const known = this.#knownTools.find(event.server, event.tool);
    if (known) known.reportedMs[perspectives.indexOf(event.perspective!)] = receivedMs;
    const tool = this.#toolOf(event);
    const source = sourceOf(event, sourceKind);
    if (tool) add(callsOf(tool.seen, source), event.server);
    if (refusedOnTheWay.has(event.outcome)) {
      if (tool) countAs(tool, source, event.server);
      return false;
    }
    this.#held.add(accepted);
    return true;
  }

  /** Notes a call that counts as its server reported it; `tool` is the one that it named. */
  sawServer(call: ToolCall, tool: NamedTool, receivedMs: number): void {
    if (!isByServer(call)) return;
    const known = tool.isKnown;
    if (known) tool.reportedMs[0] = receivedMs;
    if (call.trace_id !== undefined) this.#servers.note(call.trace_id, known ? tool : call);
  }

  /** As `sawServer`, of a call of a server's own view whose trace, if it has one, stands in bytes. */
  readServer(
    tool: NamedTool,
    receivedMs: number,
    { server, tool: name }: ToolOfServer,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    const known = tool.isKnown;
    if (known) tool.reportedMs[0] = receivedMs;
    if (to > from) this.#servers.noteBytes(bytes, from, to, known ? tool : { server, tool: name });
  }

  /** The views whose wait is over and that no better one replaces. */
  due(nowMs: number): readonly AcceptedEvent[] {
    const ready = this.#held.due(nowMs);
    if (ready.length === 0) return ready;
    const views = ready.filter((view) => this.#counts(view));
    if (views.length < ready.length) {
      this.#instruments.inc(collectorIgnored, { reason: 'repeated_view' }, ready.length - views.length);
    }
    return views;
  }

  snapshot(): Static<typeof savedViews> {
    const reported = this.#knownTools.all.filter(({ reportedMs }) => reportedMs.some((atMs) => atMs > 0));
    return {
      held: this.#held.snapshot(),
      traces: this.#traces.snapshot(),
      servers: this.#servers.snapshot(),
      reported: reported.map(({ server, tool, reportedMs }) => [server, tool, [...reportedMs]]),
    };
  }

  /** Takes up what was saved, once the known tools have been. False when it has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#held.restore(saved.held);
    this.#traces.restore(saved.traces);
    this.#servers.restore(saved.servers);
    for (const [server, tool, times] of saved.reported) {
      const known = this.#knownTools.find(server, tool);
      if (known) for (const i of known.reportedMs.keys()) known.reportedMs[i] = times[i] ?? 0;
    }
    return true;
  }

  #counts({ event, sourceKind, receivedMs }: AcceptedEvent): boolean {
    const call = event as ToolCall;
    const betterPlaced = perspectives.slice(0, perspectives.indexOf(call.perspective as Perspective));
    if (call.trace_id === undefined) {
      const reportedMs = this.#knownTools.find(call.server, call.tool)?.reportedMs;
      const sinceMs = receivedMs - SPEAKS_FOR_MS;
      return !betterPlaced.some((_, rank) => (reportedMs?.[rank] ?? 0) > sinceMs);
    }
    const tool = this.#toolOf(call);
    if (!tool) return true;
    const source = sourceOf(call, sourceKind);
    const others = [this.#counted(call.trace_id, tool)];
    for (const [other, calls] of tool.seen)
      if (betterPlaced.some((perspective) => other.startsWith(`${perspective} `))) others.push(calls);
    for (const calls of others) if (isOneOf(calls, tool, source, call.server)) return false;
    countAs(tool, source, call.server);
    return true;
  }

  /** The calls of a tool in a trace that have counted, whoever saw them. */
  #counted(trace: string, { tool, counted }: ToolInTrace): Calls {
    const all = new Map(counted);
    this.#servers.of(trace, (reported, calls) => {
      if (isSameTool(reported.tool, tool)) add(all, reported.server, calls);
    });
    return all;
  }

  #toolOf({ trace_id: trace, tool }: ToolCall): ToolInTrace | undefined {
    return trace === undefined ? undefined : this.#traces.tool(trace, tool);
  }
}

const isByServer = ({ perspective }: ToolCall) => perspective === undefined || perspective === 'server';
const sourceOf = ({ perspective }: ToolCall, sourceKind: string) => `${perspective} ${sourceKind}`;

function add(calls: Calls, server: string, by = 1): void {
  calls.set(server, (calls.get(server) ?? 0) + by);
}

function callsOf(bySource: Map<string, Calls>, source: string): Calls {
  const known = bySource.get(source);
  if (known) return known;
  const created: Calls = new Map();
  bySource.set(source, created);
  return created;
}

function countAs(tool: ToolInTrace, source: string, server: string): void {
  add(tool.counted, server);
  add(callsOf(tool.matched, source), server);
}

/** Takes a source's view of a call to `server` to be of one of `calls`, if one is left that no other view of it was. */
function isOneOf(calls: Calls, tool: ToolInTrace, source: string, server: string): boolean {
  const matched = callsOf(tool.matched, source);
  if (sum(calls) <= sum(matched)) return false;
  const seen = callsOf(tool.seen, source);
  const left = (other: string, most: number) => {
    const taken = matched.get(other) ?? 0;
    return most > Math.max(taken, other === server ? 0 : (seen.get(other) ?? 0));
  };
  const found = left(server, calls.get(server) ?? 0)
    ? server
    : [...calls].find(([other, most]) => other !== server && left(other, most))?.[0];
  if (found === undefined) return false;
  add(matched, found);
  return true;
}

function sum(calls: Calls): number {
  let total = 0;
  for (const count of calls.values()) total += count;
  return total;
}
