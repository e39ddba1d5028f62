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
  readonly next: Map<string, number>;
}

export const savedTransitionsSchema = Type.Array(
  Type.Tuple([Type.String(), Type.Array(Type.Tuple([Type.String(), Type.Integer({ minimum: 1 })]))]),
);
export type SavedTransitions = Static<typeof savedTransitionsSchema>;

export class Transitions {
  readonly #histories = new Map<string, History>();
  #pairs = 0;
  /** Pairs for which there was no room. */
  overflow = 0;

  learn(tools: readonly string[]): void {
    let before = '';
    let last = START;
    for (const tool of tools) {
      this.#count('', tool);
      this.#count(last, tool);
      this.#count(pair(before, last), tool);
      before = last;
      last = tool;
    }
  }

  /** Surprise at a tool, in nats. */
  surprisal(before: string, last: string, tool: string): number {
    const tools = this.#histories.get('')?.next.size ?? 0;
    let p = 1 / (tools + UNSEEN_TOOLS);
    for (const history of ['', last, pair(before, last)]) {
      const known = this.#histories.get(history);
      if (known === undefined) continue;
      const distinct = known.next.size;
      p = ((known.next.get(tool) ?? 0) + distinct * p) / (known.total + distinct);
    }
    return -Math.log(p);
  }

  /** How often a tool followed another, and what else did. */
  counts(
    last: string,
    tool: string,
  ): { readonly seen: number; readonly total: number; readonly successors: number } {
    const known = this.#histories.get(last);
    return {
      seen: known?.next.get(tool) ?? 0,
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
    return [...this.#histories].map(([name, { next }]) => [name, [...next]]);
  }

  restore(saved: SavedTransitions): void {
    for (const [name, next] of saved) for (const [tool, count] of next) this.#count(name, tool, count);
  }

  #count(name: string, tool: string, times = 1): void {
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

const pair = (before: string, last: string) => `${before}\n${last}`;
