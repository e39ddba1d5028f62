/**
 * Tool definitions as servers list them. The first that is seen is the approved one; another under the same name is a
 * changed promise (a rug pull), whatever it says. Tools that are added are none.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { ToolList } from '../call.ts';

const TOOLS = 8_192;
/** A changed definition that stood this long without a verdict is taken for approved. */
const SETTLED_MS = 7 * 86_400_000;

export interface Change {
  readonly timeMs: number;
  /** Tools of the server that changed with it: many at once are mostly a release. */
  readonly together: number;
  /** Hash of the new definition. */
  readonly definition: string;
}

interface Definition {
  approved: string;
  change: Change | undefined;
}

const savedCheck = Compile(
  Type.Array(
    Type.Tuple([
      Type.String(),
      Type.String(),
      Type.Union([Type.String(), Type.Null()]),
      Type.Number(),
      Type.Number(),
    ]),
  ),
);

export class Definitions {
  readonly #known = new Bounded<Definition>(TOOLS);
  /** False until the first change of all: most collectors never see one, and each call asks. */
  #anyChanged = false;

  get evicted(): number {
    return this.#known.evicted;
  }

  list({ server, tools, timeMs }: ToolList): void {
    const changed: [Definition, string][] = [];
    for (const { name, descriptionHash, schemaHash } of tools) {
      if (descriptionHash === undefined && schemaHash === undefined) continue;
      const listed = `${descriptionHash ?? ''} ${schemaHash ?? ''}`;
      const definition = this.#known.use(`${server}/${name}`, () => ({
        approved: listed,
        change: undefined,
      }));
      if (definition.change && timeMs - definition.change.timeMs > SETTLED_MS) {
        definition.approved = definition.change.definition;
        definition.change = undefined;
      }
      if (listed === definition.approved) definition.change = undefined;
      else if (listed !== definition.change?.definition) changed.push([definition, listed]);
    }
    if (changed.length > 0) this.#anyChanged = true;
    for (const [definition, listed] of changed)
      definition.change = { timeMs, together: changed.length, definition: listed };
  }

  /** The change of a tool that nobody approved yet. */
  changeOf(endpoint: string): Change | undefined {
    return this.#anyChanged ? this.#known.get(endpoint)?.change : undefined;
  }

  snapshot(): unknown {
    return [...this.#known.entries()].map(([endpoint, { approved, change }]) => [
      endpoint,
      approved,
      change?.definition ?? null,
      change?.timeMs ?? 0,
      change?.together ?? 0,
    ]);
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#anyChanged ||= saved.some(([, , definition]) => definition !== null);
    for (const [endpoint, approved, definition, timeMs, together] of saved)
      this.#known.use(endpoint, () => ({
        approved,
        change: definition === null ? undefined : { definition, timeMs, together },
      }));
    return true;
  }
}
