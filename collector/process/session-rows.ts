/**
 * Where open sessions stand: a row of numbers each, in pages. As an object with a map of its tools and lists of its calls
 * and places, a session of ten calls took 1.5 KB; so it takes 0.4.
 */
import { Blocks } from './blocks.ts';
import type { Watched } from './detect/watched.ts';
import { Names } from './names.ts';
import { RECENT_CALLS } from './recent-calls.ts';

export const WORDS_PER_CALL = 2;
const RECENT_FROM = 27;

/** Words of a row. Numbers that may be large come first, of two words each. */
export const field = {
  startedMs: 0,
  lastMs: 2,
  lastReceivedMs: 4,
  events: 6,
  calls: 7,
  errors: 8,
  refused: 9,
  denials: 10,
  dlpBlocks: 11,
  authFailures: 12,
  type: 13,
  server: 14,
  client: 15,
  user: 16,
  environment: 17,
  typeGiven: 18,
  /** Rows of its neighbours in the order of the open sessions. */
  older: 19,
  newer: 20,
  /** Calls by tool: address, and how many tools. */
  tools: 21,
  toolCount: 22,
  /** Where its events stand: address, and how many places. */
  places: 23,
  placeCount: 24,
  /** Its last calls, around a ring: how many, the place of the oldest, and tool and response bytes of each. */
  recentCount: 25,
  recentOldest: 26,
  recent: RECENT_FROM,
  /** How many sessions the row has had: who remembers both finds out that it is another's. */
  generation: RECENT_FROM + RECENT_CALLS * WORDS_PER_CALL,
} as const;

const ROW_WORDS = field.generation + 1;

const PAGE_BITS = 8;
const PAGE_ROWS = 2 ** PAGE_BITS;

/** No row. */
export const NO_ROW = 0;

interface Page {
  readonly words: Uint32Array;
  /** The same memory, two words each. */
  readonly doubles: Float64Array;
}

export class SessionRows {
  readonly names = new Names();
  readonly blocks = new Blocks();
  /** By row. */
  readonly ids: string[] = [''];
  /** What the detectors remember of each, by row. */
  readonly watched: (Watched | undefined)[] = [undefined];
  readonly #pages: Page[] = [newPage()];
  readonly #free: number[] = [];

  /** A row of nothing but zeros but for its generation, for the session of an id. */
  take(id: string): number {
    const row = this.#free.pop() ?? this.ids.length;
    this.ids[row] = id;
    this.watched[row] = undefined;
    if (row >>> PAGE_BITS === this.#pages.length) this.#pages.push(newPage());
    this.words(row).fill(0, this.start(row), this.start(row) + field.generation);
    return row;
  }

  /** Gives a row back, with what belongs to it. */
  release(row: number): void {
    const words = this.words(row);
    const at = this.start(row);
    const { names, blocks } = this;
    for (const name of [field.type, field.server, field.client, field.user, field.environment])
      names.release(words[at + name]!);
    const tools = words[at + field.toolCount]!;
    if (tools > 0) {
      const page = blocks.pageOf(words[at + field.tools]!);
      const first = blocks.indexOf(words[at + field.tools]!);
      for (let i = 0; i < tools; i++) names.release(page[first + 2 * i]!);
    }
    blocks.release(words[at + field.tools]!, 2 * tools);
    blocks.release(words[at + field.places]!, WORDS_PER_PLACE * words[at + field.placeCount]!);
    const recent = words[at + field.recentCount]!;
    for (let i = 0; i < recent; i++) names.release(words[at + field.recent + i * WORDS_PER_CALL]!);
    words[at + field.generation]!++;
    this.ids[row] = '';
    this.watched[row] = undefined;
    this.#free.push(row);
  }

  /** The page of a row. */
  words(row: number): Uint32Array {
    return this.#pages[row >>> PAGE_BITS]!.words;
  }

  doubles(row: number): Float64Array {
    return this.#pages[row >>> PAGE_BITS]!.doubles;
  }

  /** Where a row begins in its page. */
  start(row: number): number {
    return (row & (PAGE_ROWS - 1)) * ROW_WORDS;
  }
}

/** Segment and offset, each of two words. */
export const WORDS_PER_PLACE = 4;

function newPage(): Page {
  const buffer = new ArrayBuffer(PAGE_ROWS * ROW_WORDS * 4);
  return { words: new Uint32Array(buffer), doubles: new Float64Array(buffer) };
}
