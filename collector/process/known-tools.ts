/**
 * Which tools a server has. A caller can call any name, so a name becomes a label only once the server stood by it: a
 * call to it ended without error, its list of tools named it, or the registry approves it. Else it is `_unknown`, and
 * invented names can neither crowd out real tools nor fill the series.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { type EventOf, perspectives } from '../catalogue/events.ts';
import { type Outcome, server as serverBound, tool as toolBound, UNKNOWN } from '../catalogue/labels.ts';
import { approvedTools, type CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import { cleanLabelValue, endpointLabel } from '../series-bounds.ts';
import { FlowsInto } from './flows.ts';
import { interned } from './interned.ts';
import { NO_NAME } from './names.ts';
import { Tallies, type Tally } from './tally.ts';
import { ToolSeries } from './tool-series.ts';

/** How a call ends only when its tool exists. Servers report a name they do not know as any kind of error. */
const endsOfKnownTools = new Set<Outcome>(['ok', 'input_required', 'task']);

/** A tool as labels name it, and all that is found by it: one lookup for each call, and from there on fields. */
export class NamedTool {
  readonly server: string;
  readonly tool: string;
  /** The tool on its server. */
  readonly endpoint: string;
  readonly series: ToolSeries;
  readonly flows: FlowsInto;
  /** The number of its endpoint among the names of sessions, which it holds once it is asked for. */
  name = NO_NAME;
  /** When each perspective last reported it, in the order of `perspectives`; 0 where it never has. */
  readonly reportedMs: number[] = perspectives.map(() => 0);

  constructor(instruments: Instruments, tally: Tally, server: string, tool: string) {
    this.server = server;
    this.tool = tool;
    this.endpoint = interned(endpointLabel(server, tool));
    this.series = new ToolSeries(instruments, tally, server, tool);
    this.flows = new FlowsInto(instruments, tally, this.endpoint);
  }

  /** Whether its server stood by it: else it stands for all tools of the server that are only callers' words. */
  get isKnown(): boolean {
    return this.tool !== UNKNOWN;
  }
}

const savedTools = Type.Array(Type.Object({ server: Type.String(), tools: Type.Array(Type.String()) }));
const savedCheck = Compile(savedTools);

/** Servers whose `_unknown` tool is remembered at least, and as many again. */
const REMEMBERED_UNKNOWN = 500;

export class KnownTools {
  readonly #instruments: Instruments;
  readonly #tallies = new Tallies();
  /** How many more tools, of all servers, are remembered: not more than a metric has series for. */
  #room: number;
  readonly #servers = new Map<string, Map<string, NamedTool>>();
  /** The `_unknown` tool of each server, in two generations: servers are as many as callers name. */
  #youngUnknown = new Map<string, NamedTool>();
  #oldUnknown = new Map<string, NamedTool>();

  constructor(config: CollectorConfig, instruments: Instruments) {
    this.#instruments = instruments;
    this.#room = config.limits.seriesPerMetric;
    instruments.beforeCounts(() => this.#tallies.settle());
    for (const [server, registered] of Object.entries(config.servers)) {
      for (const tool of approvedTools(registered) ?? []) this.learn(server, tool);
    }
  }

  /** The tool of a call that ended; one that the server has just stood by is known from now on. */
  called({ server, tool, outcome }: Pick<EventOf<'tool_call'>, 'server' | 'tool' | 'outcome'>): NamedTool {
    const known = this.find(server, tool);
    if (known) return known;
    if (!endsOfKnownTools.has(outcome)) return this.#unknownOf(server);
    this.learn(server, tool);
    return this.name(server, tool);
  }

  /** Remembers a tool. Beyond as many servers or tools as can become labels there is nothing to gain from it. */
  learn(server: string, tool: string): void {
    if (this.find(server, tool)) return;
    const name = cleanLabelValue(server);
    let tools = this.#servers.get(name);
    if (!tools) {
      if (this.#servers.size >= serverBound.bound) return;
      tools = new Map();
      this.#servers.set(name, tools);
    }
    if (tools.size >= toolBound.bound || this.#room === 0) return;
    this.#room--;
    const known = this.#newTool(name, cleanLabelValue(tool));
    tools.set(known.tool, known);
  }

  /** The tools that a server stood by, by name; more may be added. Undefined while there are none. */
  of(server: string): ReadonlyMap<string, NamedTool> | undefined {
    return this.#servers.get(server);
  }

  get all(): NamedTool[] {
    return [...this.#servers.values()].flatMap((tools) => [...tools.values()]);
  }

  has(server: string, tool: string): boolean {
    return this.find(server, tool) !== undefined;
  }

  /** The tool as labels name it: by its name when it is known, else as `_unknown`. */
  name(server: string, tool: string): NamedTool {
    return this.find(server, tool) ?? this.#unknownOf(server);
  }

  snapshot(): Static<typeof savedTools> {
    return [...this.#servers].map(([server, tools]) => ({ server, tools: [...tools.keys()] }));
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const { server, tools } of saved) for (const tool of tools) this.learn(server, tool);
    return true;
  }

  /** The tool, if the server stood by it. */
  find(server: string, tool: string): NamedTool | undefined {
    const tools = this.#servers.get(server) ?? this.#servers.get(cleanLabelValue(server));
    return tools && (tools.get(tool) ?? tools.get(cleanLabelValue(tool)));
  }

  #newTool(server: string, tool: string): NamedTool {
    return new NamedTool(this.#instruments, this.#tallies.newTally(), server, tool);
  }

  #unknownOf(server: string): NamedTool {
    const young = this.#youngUnknown.get(server);
    if (young) return young;
    if (this.#youngUnknown.size >= REMEMBERED_UNKNOWN) {
      this.#oldUnknown = this.#youngUnknown;
      this.#youngUnknown = new Map();
    }
    const unknown = this.#oldUnknown.get(server) ?? this.#newTool(server, UNKNOWN);
    this.#youngUnknown.set(server, unknown);
    return unknown;
  }
}
