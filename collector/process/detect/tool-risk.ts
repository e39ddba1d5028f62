/**
 * What each tool can do to its user, and who says so: the operator's registry, else the annotations that the server
 * lists, else the words of the tool's name.
 *
 * A server writes its own annotations, so they can only add to what the name says: a hostile one would call its mail
 * tool read-only. The specification of MCP calls them untrusted for the same reason.
 */
import type { EventOf } from '../../catalogue/events.ts';
import type { CollectorConfig } from '../../config.ts';
import type { ToolRisk } from './call.ts';
import { riskByName } from './tool-words.ts';

/** Tools whose risk is remembered; callers can make names up, so beyond it all but the registry's are worked out anew. */
const REMEMBERED = 20_000;
/** Annotations of tools kept; beyond, a tool is judged by its name. */
const ANNOTATED = 20_000;

type Annotations = Readonly<Record<string, unknown>>;
type Tools = Map<string, ToolRisk>;

export class ToolRisks {
  readonly #registered = new Map<string, Tools>();
  readonly #annotated = new Map<string, Tools>();
  #annotations = 0;
  #byName: Tools = new Map();

  constructor({ servers }: Pick<CollectorConfig, 'servers'>) {
    for (const [server, { tools }] of Object.entries(servers)) {
      if (tools === undefined || Array.isArray(tools)) continue;
      const known: Tools = new Map();
      for (const [tool, { risk }] of Object.entries(tools)) {
        if (!risk) continue;
        known.set(tool, {
          untrusted: risk.includes('untrusted'),
          sensitive: risk.includes('sensitive'),
          sink: risk.includes('sink') || risk.includes('outward'),
          outward: risk.includes('outward'),
          secret: risk.includes('secret'),
          provenance: 'registry',
        });
      }
      this.#registered.set(server, known);
    }
  }

  of(server: string, tool: string): ToolRisk {
    return (
      this.#registered.get(server)?.get(tool) ??
      this.#annotated.get(server)?.get(tool) ??
      this.#byName.get(tool) ??
      this.#remember(tool)
    );
  }

  /** Takes up what a server says of its tools. */
  list({ server, tools }: EventOf<'tool_list'>): void {
    const known: Tools = this.#annotated.get(server) ?? new Map();
    for (const { name, annotations } of tools) {
      const risk = annotations && annotatedRisk(name, annotations);
      if (!risk) {
        if (known.delete(name)) this.#annotations--;
      } else if (known.has(name) || this.#annotations < ANNOTATED) {
        if (!known.has(name)) this.#annotations++;
        known.set(name, risk);
      }
    }
    if (known.size > 0) this.#annotated.set(server, known);
    else this.#annotated.delete(server);
  }

  #remember(tool: string): ToolRisk {
    if (this.#byName.size >= REMEMBERED) this.#byName = new Map();
    const risk = riskByName(tool);
    this.#byName.set(tool, risk);
    return risk;
  }
}

/** What annotations add to a name; undefined when they add nothing. */
function annotatedRisk(tool: string, { readOnlyHint, destructiveHint, openWorldHint }: Annotations) {
  const named = riskByName(tool);
  const sink = named.sink || readOnlyHint === false || destructiveHint === true;
  const outward = named.outward || (sink && openWorldHint === true);
  // A tool that reaches an open world, such as a web search, returns what strangers wrote.
  const untrusted = named.untrusted || openWorldHint === true;
  if (sink === named.sink && outward === named.outward && untrusted === named.untrusted) return undefined;
  return { ...named, sink, outward, untrusted, provenance: 'annotations' } as const;
}
