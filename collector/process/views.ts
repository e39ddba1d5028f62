/**
 * Several sources may report the same call: the server, a gateway before it, the client. Each call counts once, as its
 * best placed source saw it.
 *
 * Views of one call share their trace and tool. The calls of one tool in one trace are as many as the source that saw
 * the most of them saw, so the n-th view of a source counts only if fewer than n calls have counted and no better
 * placed source has n views. Who saw the call better may report later, so views of gateways and clients wait. A server's
 * own view always counts at once: traces are named by callers, and no caller may hide a call.
 *
 * A view without a trace gives way if a better placed source has lately reported the same tool of the same server. A
 * call that was refused on its way never reached the server, so its view counts at once, too.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { collectorEvictions, collectorIgnored } from '../catalogue/collector-metrics.ts';
import { type EventOf, type Perspective, perspectives } from '../catalogue/events.ts';
import type { Outcome } from '../catalogue/labels.ts';
import type { Instruments } from '../instruments.ts';
import { withoutPayload } from '../receive/privacy.ts';
import { LastReports, savedReports } from './last-reports.ts';
import type { AcceptedEvent } from './pipeline.ts';

/** Exporters send spans in batches, 5 s apart by default; twice that leaves time for the way. */
export const HOLD_MS = 10_000;
/** How long a better placed source speaks for a tool after its last report. */
export const SPEAKS_FOR_MS = 600_000;
const HELD_VIEWS = 20_000;
const TRACES = 20_000;
const TOOLS_PER_TRACE = 100;
/** Of all traces together, a bound for memory: names of tools may be long. Traces have two or three. */
const TOOLS = 100_000;

type ToolCall = EventOf<'tool_call'>;

const savedTool = Type.Object({
  tool: Type.String(),
  /** Views by perspective and source, such as `gateway agentgateway`. */
  seen: Type.Array(Type.Tuple([Type.String(), Type.Number()])),
  /** Calls that counted. */
  counted: Type.Number(),
});
const savedViews = Type.Object({
  held: Type.Array(
    Type.Object({
      accepted: Type.Unsafe<AcceptedEvent>(
        Type.Object({ event: Type.Object({}), receivedMs: Type.Number() }),
      ),
      ordinal: Type.Number(),
    }),
  ),
  traces: Type.Array(Type.Tuple([Type.String(), Type.Array(savedTool)])),
  reported: savedReports,
});
const savedCheck = Compile(savedViews);

/** What has been seen of one tool in one trace. */
interface ToolInTrace {
  readonly tool: string;
  readonly seen: Map<string, number>;
  counted: number;
}

interface HeldView {
  readonly accepted: AcceptedEvent;
  /** This is its source's n-th view of the tool in the trace. */
  readonly ordinal: number;
}

const refusedOnTheWay = new Set<Outcome>(['denied', 'blocked', 'auth_denied']);

export class Views {
  readonly #instruments: Instruments;
  /** By trace id, the newest last. */
  readonly #traces = new Map<string, ToolInTrace[]>();
  /**
   * The same ids around a ring, the oldest at `#oldestTrace` once it is full. Asking a map for its oldest key passes
   * over all that were deleted before it: that alone was a tenth of what an event costs.
   */
  readonly #traceIds: string[] = [];
  #oldestTrace = 0;
  readonly #reports = new LastReports();
  /** Tools of all traces together. */
  #tools = 0;
  #held: HeldView[] = [];

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  /** True when the event has to wait for a better view of the same call. */
  hold(accepted: AcceptedEvent): boolean {
    const { event, sourceKind, receivedMs } = accepted;
    if (event.kind !== 'tool_call') return false;
    const perspective = event.perspective ?? 'server';
    this.#reports.note(event.server, event.tool, perspective, receivedMs);
    const tool = this.#toolOf(event);
    const ordinal = tool ? addTo(tool.seen, `${perspective} ${sourceKind}`) : 1;
    if (perspective === 'server' || refusedOnTheWay.has(event.outcome)) {
      if (tool) tool.counted++;
      return false;
    }
    this.#held.push({ accepted: { ...accepted, event: withoutPayload(event) }, ordinal });
    return true;
  }

  /** The views whose wait is over and that no better one replaces. */
  due(nowMs: number): AcceptedEvent[] {
    let ready = this.#held.findIndex(({ accepted }) => accepted.receivedMs + HOLD_MS > nowMs);
    if (ready < 0) ready = this.#held.length;
    const surplus = this.#held.length - HELD_VIEWS;
    if (surplus > ready) {
      this.#instruments.inc(collectorEvictions, { table: 'views' }, surplus - ready);
      ready = surplus;
    }
    if (ready === 0) return [];
    const views = this.#held.splice(0, ready).filter((view) => this.#counts(view));
    if (views.length < ready) {
      this.#instruments.inc(collectorIgnored, { reason: 'repeated_view' }, ready - views.length);
    }
    return views.map(({ accepted }) => accepted);
  }

  snapshot(): Static<typeof savedViews> {
    const toolsOf = (tools: ToolInTrace[]) =>
      tools.map(({ tool, seen, counted }) => ({ tool, seen: [...seen], counted }));
    return {
      held: [...this.#held],
      traces: [...this.#traces].map(([trace, tools]) => [trace, toolsOf(tools)]),
      reported: this.#reports.snapshot(),
    };
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#held = saved.held;
    for (const [trace, tools] of saved.traces) {
      const loaded = tools.map(({ tool, seen, counted }) => ({
        tool,
        seen: new Map(seen),
        counted,
      }));
      this.#remember(trace, loaded);
      this.#tools += loaded.length;
    }
    this.#reports.restore(saved.reported);
    return true;
  }

  #counts({ accepted, ordinal }: HeldView): boolean {
    const event = accepted.event as ToolCall;
    const perspective = event.perspective as Perspective;
    const better = perspectives.slice(0, perspectives.indexOf(perspective));
    if (event.trace_id === undefined) {
      const sinceMs = accepted.receivedMs - SPEAKS_FOR_MS;
      return !better.some((other) => this.#reports.last(event.server, event.tool, other) > sinceMs);
    }
    const tool = this.#toolOf(event);
    if (!tool) return true;
    let known = tool.counted;
    for (const [source, views] of tool.seen) {
      if (better.some((other) => source.startsWith(`${other} `))) known = Math.max(known, views);
    }
    if (ordinal <= known) return false;
    tool.counted++;
    return true;
  }

  /** The entry of the call's tool in its trace, made if need be; undefined without a trace or at the bound of one. */
  #toolOf({ trace_id: trace, tool: name }: ToolCall): ToolInTrace | undefined {
    if (trace === undefined) return undefined;
    if (this.#tools >= TOOLS) this.#forgetOldest();
    const tools = this.#traces.get(trace) ?? [];
    const known = tools.find(({ tool }) => tool === name) ?? tools.find(({ tool }) => isSameTool(tool, name));
    if (known) return known;
    if (tools.length >= TOOLS_PER_TRACE) return undefined;
    const created = { tool: name, seen: new Map<string, number>(), counted: 0 };
    if (tools.length === 0) this.#remember(trace, tools);
    tools.push(created);
    this.#tools++;
    return created;
  }

  /** Adds a trace; at the bound, the oldest makes room. */
  #remember(trace: string, tools: ToolInTrace[]): void {
    this.#traces.set(trace, tools);
    if (this.#traceIds.length < TRACES) {
      this.#traceIds.push(trace);
      return;
    }
    const slot = this.#oldestTrace;
    this.#forgetOldest();
    this.#traceIds[slot] = trace;
  }

  #forgetOldest(): void {
    const oldest = this.#traceIds[this.#oldestTrace];
    if (oldest === undefined) return;
    this.#tools -= this.#traces.get(oldest)?.length ?? 0;
    this.#traces.delete(oldest);
    this.#oldestTrace = (this.#oldestTrace + 1) % TRACES;
  }
}

function addTo(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

/** Gateways put the server's name before the tool's: `files_read`, `files.read`, `files__read`. */
function isSameTool(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return long.endsWith(short) && /[_./:-]/.test(long.charAt(long.length - short.length - 1));
}
