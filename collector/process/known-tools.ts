/**
 * Which tools a server has. A caller can call any name, so a name becomes a label only once the server stood by it: a
 * call to it ended without error, its list of tools named it, or the registry approves it. Else it is `_unknown`, and
 * invented names can neither crowd out real tools nor fill the series.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Outcome, server as serverBound, tool as toolBound, UNKNOWN } from '../catalogue/labels.ts';
import type { CollectorConfig } from '../config.ts';
import { cleanLabelValue } from '../series-bounds.ts';

/** How a call ends only when its tool exists. Servers report a name they do not know as any kind of error. */
const endsOfKnownTools = new Set<Outcome>(['ok', 'input_required', 'task']);

export const provesTool = (outcome: Outcome): boolean => endsOfKnownTools.has(outcome);

const savedTools = Type.Array(Type.Object({ server: Type.String(), tools: Type.Array(Type.String()) }));
const savedCheck = Compile(savedTools);

export class KnownTools {
  readonly #servers = new Map<string, Set<string>>();

  constructor(config: CollectorConfig) {
    for (const [server, { tools }] of Object.entries(config.servers)) {
      for (const tool of tools ?? []) this.learn(server, tool);
    }
  }

  /** Remembers a tool. Beyond as many servers or tools as can become labels there is nothing to gain from it. */
  learn(server: string, tool: string): void {
    const name = cleanLabelValue(server);
    let tools = this.#servers.get(name);
    if (!tools) {
      if (this.#servers.size >= serverBound.bound) return;
      tools = new Set();
      this.#servers.set(name, tools);
    }
    if (tools.size < toolBound.bound) tools.add(cleanLabelValue(tool));
  }

  has(server: string, tool: string): boolean {
    return this.#servers.get(cleanLabelValue(server))?.has(cleanLabelValue(tool)) ?? false;
  }

  /** The tool's name as a label: itself when it is known, else `_unknown`. */
  label(server: string, tool: string): string {
    return this.has(server, tool) ? cleanLabelValue(tool) : UNKNOWN;
  }

  snapshot(): Static<typeof savedTools> {
    return [...this.#servers].map(([server, tools]) => ({ server, tools: [...tools] }));
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const { server, tools } of saved) for (const tool of tools) this.learn(server, tool);
    return true;
  }
}
