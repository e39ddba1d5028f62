/**
 * What sessions of one type use: tools, categories of tools, servers, and how often something new is to be expected.
 *
 * Recorded sessions show that distinct tasks teach and repetitions do not: a tool counts once for each different set of
 * tools it was used in. What was seen in one set only is what Good and Turing estimate the unseen by.
 */
import Type, { type Static } from 'typebox';
import { savedTransitionsSchema, Transitions } from './transitions.ts';

/** Tools kept of one type; beyond, new ones are not learnt. */
const MAXIMUM_TOOLS = 1_000;
/** Sets of tools kept of one type. */
const MAXIMUM_SETS = 2_000;
/** Learnt sessions after which all counts are halved. */
const AGE_AFTER = 4_000;
/** Below either, a type is still being learnt. */
export const MINIMUM_SESSIONS = 30;
export const MINIMUM_SETS = 8;
/** Highest chance that the next call is to a tool never seen, by Good and Turing: tools called once, of all calls. */
export const MAXIMUM_UNSEEN = 0.02;

const count = Type.Integer({ minimum: 0 });
const usageSchema = Type.Object({ sessions: count, sets: count, calls: count });
type Usage = Static<typeof usageSchema>;
const tableSchema = Type.Array(Type.Tuple([Type.String(), usageSchema]));

export const savedProfileSchema = Type.Object({
  sessions: count,
  sets: Type.Array(count),
  tools: tableSchema,
  categories: tableSchema,
  servers: tableSchema,
  transitions: savedTransitionsSchema,
});

/** A call as far as order and kind go. */
export interface Step {
  readonly endpoint: string;
  readonly server: string;
  readonly category: string | undefined;
}

export class Profile {
  sessions = 0;
  readonly tools = new Map<string, Usage>();
  readonly categories = new Map<string, Usage>();
  readonly servers = new Map<string, Usage>();
  readonly transitions = new Transitions();
  readonly #sets = new Set<number>();
  #calls = 0;
  /** Tools called once. */
  #once = 0;
  /** What there was no room to learn. */
  overflow = 0;

  /** Different sets of tools seen. */
  get sets(): number {
    return this.#sets.size;
  }

  learn(steps: readonly Step[]): void {
    if (steps.length === 0) return;
    const set = hashOf([...new Set(steps.map(({ endpoint }) => endpoint))].sort());
    const isNew = !this.#sets.has(set) && this.#sets.size < MAXIMUM_SETS;
    if (isNew) this.#sets.add(set);
    this.sessions++;
    this.#calls += steps.length;
    this.#note(
      this.tools,
      steps.map(({ endpoint }) => endpoint),
      isNew,
    );
    this.#note(
      this.categories,
      steps.flatMap(({ category }) => category ?? []),
      isNew,
    );
    this.#note(
      this.servers,
      steps.map(({ server }) => server),
      isNew,
    );
    this.transitions.learn(steps.map(({ endpoint }) => endpoint));
    if (this.sessions >= AGE_AFTER) this.#age();
  }

  /** Good-Turing estimate of the share of calls that go to tools never seen. */
  get unseen(): number {
    return this.#calls === 0 ? 1 : this.#once / this.#calls;
  }

  /** Enough sessions, though each may bring new tools. */
  get isKnown(): boolean {
    return this.sessions >= MINIMUM_SESSIONS && this.sets >= MINIMUM_SETS;
  }

  /** Known, and new tools are rare. */
  get learnt(): boolean {
    return this.isKnown && this.unseen <= MAXIMUM_UNSEEN;
  }

  /** How surprising it is that a further set of tools brings something new, in nats: -ln of its Good-Turing chance. */
  newness(table: ReadonlyMap<string, Usage>, share = 1): number {
    let once = 0;
    for (const { sets } of table.values()) if (sets <= 1) once++;
    return Math.log((this.sets + 2) / (share * once + 1));
  }

  snapshot(): Static<typeof savedProfileSchema> {
    return {
      sessions: this.sessions,
      sets: [...this.#sets],
      tools: [...this.tools],
      categories: [...this.categories],
      servers: [...this.servers],
      transitions: this.transitions.snapshot(),
    };
  }

  restore(saved: Static<typeof savedProfileSchema>): void {
    this.sessions = saved.sessions;
    for (const set of saved.sets.slice(0, MAXIMUM_SETS)) this.#sets.add(set);
    for (const [name, usage] of saved.tools.slice(0, MAXIMUM_TOOLS)) {
      this.tools.set(name, usage);
      this.#calls += usage.calls;
      if (usage.calls === 1) this.#once++;
    }
    for (const [name, usage] of saved.categories.slice(0, MAXIMUM_TOOLS)) this.categories.set(name, usage);
    for (const [name, usage] of saved.servers.slice(0, MAXIMUM_TOOLS)) this.servers.set(name, usage);
    this.transitions.restore(saved.transitions);
  }

  #note(table: Map<string, Usage>, names: readonly string[], isNewSet: boolean): void {
    const noted = new Set<string>();
    for (const name of names) {
      let usage = table.get(name);
      if (usage === undefined) {
        if (table.size >= MAXIMUM_TOOLS) {
          this.overflow++;
          continue;
        }
        usage = { sessions: 0, sets: 0, calls: 0 };
        table.set(name, usage);
      }
      usage.calls++;
      if (table === this.tools && usage.calls <= 2) this.#once += usage.calls === 1 ? 1 : -1;
      if (noted.has(name)) continue;
      noted.add(name);
      usage.sessions++;
      if (isNewSet) usage.sets++;
    }
  }

  #age(): void {
    this.sessions >>>= 1;
    this.#calls = this.#once = 0;
    for (const table of [this.tools, this.categories, this.servers])
      for (const [name, usage] of table) {
        usage.sessions >>>= 1;
        usage.calls >>>= 1;
        if (usage.sessions === 0) table.delete(name);
        else if (table === this.tools) {
          this.#calls += usage.calls;
          if (usage.calls === 1) this.#once++;
        }
      }
    this.transitions.age();
  }
}

/** FNV-1a over UTF-16 code units. */
function hashOf(names: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const name of names) {
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 10, 0x01000193);
  }
  return hash >>> 0;
}
