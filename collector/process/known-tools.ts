/**
 * Which tools a server has. A caller can call any name, so a name becomes a label only once the server stood by it: a
 * call to it ended without error, its list of tools named it, or the registry approves it. Else it is `_unknown`, and
 * invented names can neither crowd out real tools nor fill the series.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Outcome, server as serverBound, tool as toolBound, UNKNOWN } from '../catalogue/labels.ts';
import { approvedTools, type CollectorConfig } from '../config.ts';
import { cleanLabelValue, endpointOf } from '../series-bounds.ts';

/** How a call ends only when its tool exists. Servers report a name they do not know as any kind of error. */
const endsOfKnownTools = new Set<Outcome>(['ok', 'input_required', 'task']);

export const provesTool = (outcome: Outcome): boolean => endsOfKnownTools.has(outcome);

/** A tool as labels name it. One object for each tool, since a text that is made anew is hashed anew. */
export interface ToolName {
  readonly tool: string;
  /** The tool on its server. */
  readonly endpoint: string;
}

const savedTools = Type.Array(Type.Object({ server: Type.String(), tools: Type.Array(Type.String()) }));
const savedCheck = Compile(savedTools);

export class KnownTools {
  readonly #servers = new Map<string, Map<string, ToolName>>();

  constructor(config: CollectorConfig) {
    for (const [server, registered] of Object.entries(config.servers)) {
      for (const tool of approvedTools(registered) ?? []) this.learn(server, tool);
    }
  }

  /** Remembers a tool. Beyond as many servers or tools as can become labels there is nothing to gain from it. */
  learn(server: string, tool: string): void {
    if (this.#find(server, tool)) return;
    const name = cleanLabelValue(server);
    let tools = this.#servers.get(name);
    if (!tools) {
      if (this.#servers.size >= serverBound.bound) return;
      tools = new Map();
      this.#servers.set(name, tools);
    }
    const known = { tool: cleanLabelValue(tool), endpoint: endpointOf(server, tool) };
    if (tools.size < toolBound.bound) tools.set(known.tool, known);
  }

  has(server: string, tool: string): boolean {
    return this.#find(server, tool) !== undefined;
  }

  /** The tool as labels name it: by its name when it is known, else as `_unknown`. */
  name(server: string, tool: string): ToolName {
    return this.#find(server, tool) ?? { tool: UNKNOWN, endpoint: endpointOf(server, UNKNOWN) };
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

  #find(server: string, tool: string): ToolName | undefined {
    const tools = this.#servers.get(server) ?? this.#servers.get(cleanLabelValue(server));
    return tools && (tools.get(tool) ?? tools.get(cleanLabelValue(tool)));
  }
}
