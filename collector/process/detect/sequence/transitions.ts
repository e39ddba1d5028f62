/**
 * Which tool follows which: an interpolated Witten-Bell model of order 2 over tool names.
 *
 * p_k(t | h) = (c(h, t) + T(h) · p_{k-1}(t)) / (c(h) + T(h)), with T(h) the distinct successors of history h, and
 * p_{-1} = 1 / (V + 20) for V tools seen (Witten and Bell 1991; Bell, Cleary, Witten: Text Compression, 1990). Only
 * counts are kept, so that what is said of a transition can be counted after.
 */
import Type, { type Static } from 'typebox';

/** Stands for the beginning of a session. */
export const START = '^';
/** Pairs of a history and its successor kept of one session type. */
const MAXIMUM_PAIRS = 8_000;
const UNSEEN_TOOLS = 20;

interface History {
  total: number;
  readonly next: Map<number, number>;
}

const number = Type.Integer({ minimum: -1 });
export const savedTransitionsSchema = Type.Object({
  tools: Type.Array(Type.String()),
  histories: Type.Array(Type.Tuple([number, Type.Array(Type.Tuple([number, Type.Integer({ minimum: 1 })]))])),
});
export type SavedTransitions = Static<typeof savedTransitionsSchema>;

/** Tools with a number; others are one. */
const MAXIMUM_TOOLS = 1_022;
const RADIX = 1_024;
/** History of no tool. */
const NONE = -1;

export class Transitions {
  /** By the numbers of its one or two tools; see `pair`. */
  readonly #histories = new Map<number, History>();
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  #pairs = 0;
  /** Pairs for which there was no room. */
  overflow = 0;

  learn(tools: readonly string[]): void {
    let before = 0;
    let last = this.#number(START);
    for (const name of tools) {
      const tool = this.#number(name);
      this.#count(NONE, tool);
      this.#count(last, tool);
      this.#count(pair(before, last), tool);
      before = last;
      last = tool;
    }
  }

  /** Surprise at a tool, in nats; without a tool before, the session begins. */
  surprisal(before: string | undefined, last: string | undefined, name: string): number {
    const tool = this.#numbers.get(name) ?? 0;
    const one = this.#numbers.get(last ?? START) ?? 0;
    const two = last === undefined ? 0 : (this.#numbers.get(before ?? START) ?? 0);
    const all = this.#histories.get(NONE);
    let p = 1 / ((all?.next.size ?? 0) + UNSEEN_TOOLS);
    p = interpolated(all, tool, p);
    p = interpolated(this.#histories.get(one), tool, p);
    p = interpolated(this.#histories.get(pair(two, one)), tool, p);
    return -Math.log(p);
  }

  /** How often a tool followed another, and what else did. */
  counts(
    last: string,
    tool: string,
  ): { readonly seen: number; readonly total: number; readonly successors: number } {
    const known = this.#histories.get(this.#numbers.get(last) ?? 0);
    return {
      seen: known?.next.get(this.#numbers.get(tool) ?? 0) ?? 0,
      total: known?.total ?? 0,
      successors: known?.next.size ?? 0,
    };
  }

  /** Halves all counts: what is not seen again is forgotten. */
  age(): void {
    for (const [name, history] of this.#histories) {
      history.total = 0;
      for (const [tool, count] of history.next) {
        const half = count >>> 1;
        if (half === 0) {
          history.next.delete(tool);
          this.#pairs--;
        } else history.next.set(tool, half);
        history.total += half;
      }
      if (history.total === 0) this.#histories.delete(name);
    }
  }

  snapshot(): SavedTransitions {
    return {
      tools: [...this.#names],
      histories: [...this.#histories].map(([history, { next }]) => [history, [...next]]),
    };
  }

  restore(saved: SavedTransitions): void {
    for (const name of saved.tools) this.#number(name);
    for (const [history, next] of saved.histories)
      for (const [tool, count] of next) this.#count(history, tool, count);
  }

  #number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length >= MAXIMUM_TOOLS) return 0;
    this.#names.push(name);
    this.#numbers.set(name, this.#names.length);
    return this.#names.length;
  }

  #count(name: number, tool: number, times = 1): void {
    let history = this.#histories.get(name);
    const known = history?.next.get(tool);
    if (known === undefined) {
      if (this.#pairs >= MAXIMUM_PAIRS) {
        this.overflow++;
        return;
      }
      this.#pairs++;
    }
    if (history === undefined) {
      history = { total: 0, next: new Map() };
      this.#histories.set(name, history);
    }
    history.total += times;
    history.next.set(tool, (known ?? 0) + times);
  }
}

/** Above the numbers of single tools. */
const pair = (before: number, last: number) => (before + 1) * RADIX + last;

function interpolated(history: History | undefined, tool: number, p: number): number {
  if (history === undefined) return p;
  const distinct = history.next.size;
  return ((history.next.get(tool) ?? 0) + distinct * p) / (history.total + distinct);
}
