/** What `tools/list` answers: pages are put together, and a list is reported when it is new to its reader. */
import { createHash } from 'node:crypto';
import type { ListedTool } from './events.ts';
import { canonicalJson, type Fields, fields, NAME_LENGTH, text } from './json.ts';

const MOST_TOOLS = 10_000;
const MOST_UNFINISHED = 100;
const MOST_READERS = 200;
const MOST_NAMES = 1_000;
const LARGEST_ANNOTATIONS = 4_096;

const hash = (value: string) => createHash('sha256').update(value).digest('hex');

/** Sets the oldest entry aside for a new one. */
function bounded<V>(map: Map<string, V>, limit: number, key: string, value: V): void {
  map.delete(key);
  if (map.size >= limit) map.delete(map.keys().next().value as string);
  map.set(key, value);
}

export class ToolLists {
  /** Pages so far, by the cursor that asks for the next one. */
  readonly #unfinished = new Map<string, ListedTool[]>();
  /** Hash of the list last reported, by reader: servers may show each user other tools. */
  readonly #reported = new Map<string, string>();
  #lastReported = '';
  /** Names of the tools last listed, by reader. */
  readonly #names = new Map<
    string,
    { readonly server: string | undefined; readonly names: ReadonlySet<string> }
  >();

  /**
   * One answer to `tools/list`. Returns the whole list when this page completes it and this caller has not seen it so;
   * undefined otherwise, also when earlier pages are not known, since a part would look like removed tools.
   */
  page(
    server: string | undefined,
    caller: readonly unknown[],
    cursor: string | undefined,
    result: Fields,
  ): readonly ListedTool[] | undefined {
    const reader = JSON.stringify([server, ...caller]);
    if (!Array.isArray(result.tools)) return undefined;
    const before = cursor === undefined ? [] : this.#unfinished.get(`${reader} ${cursor}`);
    if (before === undefined) return undefined;
    const tools = [...before, ...result.tools.map(listedTool).filter((tool) => tool !== undefined)];
    const next = text(result.nextCursor, 4_096);
    if (next !== undefined && tools.length < MOST_TOOLS) {
      bounded(this.#unfinished, MOST_UNFINISHED, `${reader} ${next}`, tools);
      return undefined;
    }
    if (tools.length <= MOST_NAMES) {
      bounded(this.#names, MOST_READERS, reader, { server, names: new Set(tools.map(({ name }) => name)) });
    }
    return this.#isNew(reader, hash(canonicalJson(tools))) ? tools.slice(0, MOST_TOOLS) : undefined;
  }

  /** Whether the server lists the tool, to whomever. */
  has(server: string | undefined, tool: string): boolean {
    for (const list of this.#names.values()) if (list.server === server && list.names.has(tool)) return true;
    return false;
  }

  #isNew(reader: string, fingerprint: string): boolean {
    const known = this.#reported.get(reader) ?? this.#lastReported;
    bounded(this.#reported, MOST_READERS, reader, fingerprint);
    if (known === fingerprint) return false;
    this.#lastReported = fingerprint;
    return true;
  }
}

function listedTool(tool: unknown): ListedTool | undefined {
  const { name, description, inputSchema, annotations } = fields(tool) ?? {};
  const listedName = text(name);
  if (listedName === undefined) return undefined;
  const hints = fields(annotations);
  const sendsHints =
    hints !== undefined &&
    canonicalJson(hints).length <= LARGEST_ANNOTATIONS &&
    Object.keys(hints).every((key) => key.length <= NAME_LENGTH);
  return {
    name: listedName,
    ...(typeof description === 'string' && { description_hash: hash(description) }),
    ...(inputSchema !== undefined && { schema_hash: hash(canonicalJson(inputSchema)) }),
    ...(sendsHints && { annotations: { ...hints } }),
  };
}
