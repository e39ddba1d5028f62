/**
 * The rows of the open sessions, the one without an event for longest first. Each row holds its neighbours, so that moving
 * one to the end touches three: taking it out of a map and putting it back makes the map larger until it is built anew.
 */
import { field, NO_ROW, type SessionRows } from './session-rows.ts';

export class ByRecency {
  readonly #rows: SessionRows;
  #oldest = NO_ROW;
  #newest = NO_ROW;

  constructor(rows: SessionRows) {
    this.#rows = rows;
  }

  /** `NO_ROW` when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** From the oldest on. The one that was given last may be removed. */
  *[Symbol.iterator](): Generator<number> {
    for (let row = this.#oldest; row !== NO_ROW; ) {
      const next = this.#get(row, field.newer);
      yield row;
      row = next;
    }
  }

  /** Adds a row at the end. */
  add(row: number): void {
    this.#set(row, field.older, this.#newest);
    if (this.#newest === NO_ROW) this.#oldest = row;
    else this.#set(this.#newest, field.newer, row);
    this.#newest = row;
  }

  remove(row: number): void {
    const older = this.#get(row, field.older);
    const newer = this.#get(row, field.newer);
    if (older === NO_ROW) this.#oldest = newer;
    else this.#set(older, field.newer, newer);
    if (newer === NO_ROW) this.#newest = older;
    else this.#set(newer, field.older, older);
    this.#set(row, field.older, NO_ROW);
    this.#set(row, field.newer, NO_ROW);
  }

  /** Moves a row to the end. */
  touch(row: number): void {
    if (row === this.#newest) return;
    this.remove(row);
    this.add(row);
  }

  #get(row: number, neighbour: number): number {
    return this.#rows.words(row)[this.#rows.start(row) + neighbour]!;
  }

  #set(row: number, neighbour: number, to: number): void {
    this.#rows.words(row)[this.#rows.start(row) + neighbour] = to;
  }
}
