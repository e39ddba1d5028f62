/**
 * Numbers for the texts that sessions have in common: types, servers, clients, users, tools. A text stands here once, for
 * as long as anybody holds its number.
 */
import { interned } from './interned.ts';

/** The number of no name. */
export const NO_NAME = 0;

export class Names {
  readonly #limit: number;
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [''];
  readonly #holders: number[] = [0];
  readonly #free: number[] = [];
  /** The one asked for last, which is often asked for again. */
  #lastText: string | undefined;
  #lastNumber = NO_NAME;

  /** `limit`: names that there may be at once; beyond, a new one gets no number. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** The number of a text, held once more, to be released; `NO_NAME` when there are too many. */
  hold(text: string): number {
    const known = this.find(text);
    if (known !== NO_NAME) {
      (this.#holders[known] as number)++;
      return known;
    }
    if (this.#numbers.size >= this.#limit) return NO_NAME;
    const number = this.#free.pop() ?? this.#texts.length;
    this.#texts[number] = interned(text);
    this.#holders[number] = 1;
    this.#numbers.set(this.#texts[number], number);
    return number;
  }

  /** Holds a number that is held already once more, to be released. */
  holdAgain(number: number): void {
    (this.#holders[number] as number)++;
  }

  /** The number of a text that somebody holds, else `NO_NAME`. */
  find(text: string): number {
    if (text === this.#lastText) return this.#lastNumber;
    const number = this.#numbers.get(text);
    if (number === undefined) return NO_NAME;
    this.#lastText = text;
    this.#lastNumber = number;
    return number;
  }

  release(number: number): void {
    if (number === NO_NAME || --(this.#holders[number] as number) > 0) return;
    this.#numbers.delete(this.#texts[number] as string);
    this.#texts[number] = '';
    this.#free.push(number);
    if (number === this.#lastNumber) this.#lastText = undefined;
  }

  /** The text of a number that is held; interned, so that two of them are compared by address. */
  text(number: number): string {
    return this.#texts[number] as string;
  }
}
