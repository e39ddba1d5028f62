/**
 * What each tool usually returns: sentences it gave in other sessions, the keys in its results and how long the values
 * under them are. A text can only be out of place where it is known what belongs there.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import { hashText, join, keyed, newKey } from '../text/hash.ts';
import { SeenSet } from '../text/seen-set.ts';

/** Sessions with a tool until its texts are taken for known. */
const KNOWN_AFTER = 5;
/** Keys of one tool's results. */
export const MAXIMUM_KEYS = 256;
/** Remembered at least: the texts of some hundred tools. */
const SENTENCES = 1 << 17;
const TOOLS = 2_048;
const SUSPECTS = 4_096;
const SUSPECT_SESSIONS = 20;

interface ToolText {
  sessions: number;
  /** Longest value under each key, in words. */
  readonly keys: Map<number, number>;
}
export type KnownTool = Readonly<Omit<ToolText, 'keys'>> & { readonly keys: ReadonlyMap<number, number> };

/** Enough sessions to say what is new. */
export const isKnown = (tool: KnownTool | undefined): boolean => (tool?.sessions ?? 0) >= KNOWN_AFTER;

const savedCheck = Compile(
  Type.Object({
    key: Type.Integer(),
    sentences: Type.Array(Type.String()),
    suspects: Type.Array(Type.Tuple([Type.String(), Type.Integer({ minimum: 0 })])),
    tools: Type.Array(
      Type.Tuple([
        Type.String(),
        Type.Integer({ minimum: 0 }),
        Type.Array(Type.Tuple([Type.Number(), Type.Number()])),
      ]),
    ),
  }),
);

export class ToolTexts {
  /** Sentences seen in one, two and three sessions; only the last are known. */
  readonly #sentences = [new SeenSet(SENTENCES), new SeenSet(SENTENCES), new SeenSet(SENTENCES)] as const;
  /** Sessions in which a sentence of a suspicious passage was not followed. */
  readonly #suspects = new Bounded<{ sessions: number }>(SUSPECTS);
  readonly #tools = new Bounded<ToolText>(TOOLS);
  #key = newKey();

  get evicted(): number {
    return (
      this.#tools.evicted +
      this.#suspects.evicted +
      this.#sentences.reduce((sum, { forgotten }) => sum + forgotten, 0)
    );
  }

  /** What its sentences are hashed with. */
  hashOf(endpoint: string): number {
    return keyed(hashText(endpoint), this.#key);
  }

  /** What is known of a tool; undefined when nothing is. */
  of(endpoint: string): KnownTool | undefined {
    return this.#tools.get(endpoint);
  }

  has(tool: number, sentence: number): boolean {
    return this.#sentences[2].has(join(tool, sentence));
  }

  /**
   * Learns what a session was given and nothing was found in. One page that is read once must not be known by the time
   * that somebody follows it: three sessions make a sentence known, and 20 one that reads like instructions.
   */
  learnSentences(joined: Iterable<number>, suspicious: ReadonlySet<number>): void {
    for (const hash of joined) {
      if (!suspicious.has(hash)) this.#see(hash);
      else {
        const suspect = this.#suspects.use(hash.toString(36), () => ({ sessions: 0 }));
        if (++suspect.sessions >= SUSPECT_SESSIONS) this.#sentences[2].add(hash);
      }
    }
  }

  #see(hash: number): void {
    const [once, twice, known] = this.#sentences;
    if (once.add(hash)) return;
    if (twice.add(hash)) return;
    known.add(hash);
  }

  /** `lengths` are keys, each followed by the words of its longest value. */
  learn(endpoint: string, lengths: readonly number[] = []): void {
    const tool = this.#tools.use(endpoint, () => ({ sessions: 0, keys: new Map() }));
    tool.sessions++;
    for (let i = 0; i < lengths.length; i += 2) {
      const key = lengths[i]! >>> 0;
      const words = lengths[i + 1]!;
      const known = tool.keys.get(key);
      if (known === undefined && tool.keys.size >= MAXIMUM_KEYS) continue;
      if (known === undefined || words > known) tool.keys.set(key, words);
    }
  }

  snapshot(): unknown {
    return {
      key: this.#key,
      sentences: this.#sentences.map((seen) => seen.snapshot()),
      suspects: [...this.#suspects.entries()].map(([hash, { sessions }]) => [hash, sessions]),
      tools: [...this.#tools.entries()].map(([endpoint, { sessions, keys }]) => [
        endpoint,
        sessions,
        [...keys],
      ]),
    };
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#key = saved.key;
    this.#sentences.forEach((seen, i) => {
      seen.restore(saved.sentences[i] ?? '');
    });
    for (const [hash, sessions] of saved.suspects) this.#suspects.use(hash, () => ({ sessions }));
    for (const [endpoint, sessions, keys] of saved.tools)
      this.#tools.use(endpoint, () => ({ sessions, keys: new Map(keys.slice(0, MAXIMUM_KEYS)) }));
    return true;
  }
}
