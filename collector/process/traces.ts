/** What gateways and clients saw of each tool in each trace, and what of it has counted. */
import Type, { type Static } from 'typebox';

const TRACES = 20_000;
const TOOLS_PER_TRACE = 100;
/** Of all traces together, a bound for memory: names of tools may be long. Traces have two or three. */
const TOOLS = 100_000;

/** Numbers of calls by server. */
export type Calls = Map<string, number>;

const savedCalls = Type.Array(Type.Tuple([Type.String(), Type.Number()]));
const savedBySource = Type.Array(Type.Tuple([Type.String(), savedCalls]));
const savedTool = Type.Object({
  tool: Type.String(),
  seen: savedBySource,
  matched: savedBySource,
  counted: savedCalls,
});
export const savedTraces = Type.Array(Type.Tuple([Type.String(), Type.Array(savedTool)]));

export class ToolInTrace {
  readonly tool: string;
  /** Views by perspective and source, such as `gateway agentgateway`. */
  readonly seen: Map<string, Calls>;
  /** Calls of which a source's view is taken to be one: they stand for no other view of it. */
  readonly matched: Map<string, Calls>;
  /** Calls that counted as gateways and clients saw them. */
  readonly counted: Calls;

  constructor({ tool, seen, matched, counted }: Static<typeof savedTool>) {
    this.tool = tool;
    this.seen = bySource(seen);
    this.matched = bySource(matched);
    this.counted = new Map(counted);
  }

  saved(): Static<typeof savedTool> {
    const lists = (calls: Map<string, Calls>) =>
      [...calls].map(([source, of]): [string, [string, number][]] => [source, [...of]]);
    return {
      tool: this.tool,
      seen: lists(this.seen),
      matched: lists(this.matched),
      counted: [...this.counted],
    };
  }
}

const bySource = (saved: Static<typeof savedBySource>) =>
  new Map(saved.map(([source, calls]) => [source, new Map(calls)]));

export class Traces {
  /** By trace id, the newest last. */
  readonly #traces = new Map<string, ToolInTrace[]>();
  /**
   * The same ids around a ring, the oldest at `#oldest` once it is full. Asking a map for its oldest key passes
   * over all that were deleted before it.
   */
  readonly #ids: string[] = [];
  #oldest = 0;
  /** Tools of all traces together. */
  #tools = 0;

  /** What is known of a tool in a trace, made if need be; undefined at the bound of one trace. */
  tool(trace: string, name: string): ToolInTrace | undefined {
    if (this.#tools >= TOOLS) this.#forgetOldest();
    const tools = this.#traces.get(trace) ?? [];
    const known = tools.find(({ tool }) => tool === name) ?? tools.find(({ tool }) => isSameTool(tool, name));
    if (known) return known;
    if (tools.length >= TOOLS_PER_TRACE) return undefined;
    const created = new ToolInTrace({ tool: name, seen: [], matched: [], counted: [] });
    if (tools.length === 0) this.#remember(trace, tools);
    tools.push(created);
    this.#tools++;
    return created;
  }

  snapshot(): Static<typeof savedTraces> {
    return [...this.#traces].map(([trace, tools]) => [trace, tools.map((tool) => tool.saved())]);
  }

  restore(saved: Static<typeof savedTraces>): void {
    for (const [trace, tools] of saved) {
      this.#remember(
        trace,
        tools.map((tool) => new ToolInTrace(tool)),
      );
      this.#tools += tools.length;
    }
  }

  /** Adds a trace; at the bound, the oldest makes room. */
  #remember(trace: string, tools: ToolInTrace[]): void {
    this.#traces.set(trace, tools);
    if (this.#ids.length < TRACES) {
      this.#ids.push(trace);
      return;
    }
    const slot = this.#oldest;
    this.#forgetOldest();
    this.#ids[slot] = trace;
  }

  #forgetOldest(): void {
    const oldest = this.#ids[this.#oldest];
    if (oldest === undefined) return;
    this.#tools -= this.#traces.get(oldest)?.length ?? 0;
    this.#traces.delete(oldest);
    this.#oldest = (this.#oldest + 1) % TRACES;
  }
}

/** Gateways put the server's name before the tool's: `files_read`, `files.read`, `files__read`. */
export function isSameTool(one: string, other: string): boolean {
  if (one === other) return true;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return long.endsWith(short) && /[_./:-]/.test(long.charAt(long.length - short.length - 1));
}
