/** The events of a body, most of them by `CallReader`, each of the others by `JSON.parse` of its own bytes. */
import { EventScan } from '../../processes/event-scan.ts';
import { COMMA, isSpace } from '../json-bytes.ts';
import type { Quickly } from '../json-events.ts';
import { CallColumns } from './call-columns.ts';
import type { CallReader } from './call-reader.ts';
import { bytes, load } from './scratch.ts';

export interface CallVisitor {
  /** Takes an event as it was sent, whatever it is. */
  event(value: unknown): void;
  /** Takes a valid call, which may be another process's; what it is read from lasts until this returns. */
  readCall(calls: CallColumns, row: number): void;
}

/** Stands for the row of an event that is no such call. */
const PARSED = -1;

/** After so many events in a row that were left to `JSON.parse`, as many bodies or lines are left to it as a whole. */
const LEFT_IN_A_ROW = 16;

export class QuickEvents {
  readonly #reader: CallReader;
  readonly #scan = new EventScan();
  /** Of one body: the row of each call, and what was parsed. */
  readonly #order: number[] = [];
  readonly #calls = new CallColumns(bytes);
  readonly #parsed: unknown[] = [];
  #leftInARow = 0;
  #toLeave = 0;

  constructor(reader: CallReader) {
    this.#reader = reader;
  }

  /** `visit` for one visitor. */
  for(visitor: CallVisitor): Quickly {
    return (body, from, to, most) => this.visit(body, from, to, most, visitor);
  }

  /**
   * Visits the events of a list without its brackets, or of one event, once all of them are known to be JSON. False, and
   * none visited, when they may not be, when there are none, or when `JSON.parse` is as good for all of them.
   */
  visit(body: Buffer, from: number, to: number, most: number, visitor: CallVisitor): boolean {
    if (this.#toLeave > 0) {
      this.#toLeave--;
      return false;
    }
    if (!load(body, from, to)) return false;
    try {
      const isRead = this.#read(to - from, most);
      if (isRead) this.#visit(visitor);
      return isRead;
    } finally {
      this.#order.length = 0;
      this.#parsed.length = 0;
    }
  }

  #visit(visitor: CallVisitor): void {
    const order = this.#order;
    for (let i = 0, parsed = 0; i < order.length; i++) {
      const row = order[i]!;
      if (row >= 0) visitor.readCall(this.#calls, row);
      else visitor.event(this.#parsed[parsed++]);
    }
  }

  #read(length: number, most: number): boolean {
    const reader = this.#reader;
    for (let at = 0, count = 1, rows = 0; count <= most; count++) {
      while (isSpace(bytes[at]!)) at++;
      if (reader.read(at, length, this.#calls, rows)) {
        this.#order.push(rows++);
        at = reader.end;
        this.#leftInARow = 0;
      } else {
        const end = this.#scan.end(bytes, at, length, Number.POSITIVE_INFINITY);
        if (end < 0 || !this.#parse(at, end)) return false;
        at = end;
        this.#leftInARow++;
      }
      while (isSpace(bytes[at]!)) at++;
      if (at === length) {
        if (this.#leftInARow >= LEFT_IN_A_ROW) this.#leaveSome();
        return true;
      }
      if (bytes[at++] !== COMMA) return false;
    }
    return false;
  }

  #leaveSome(): void {
    this.#leftInARow = 0;
    this.#toLeave = LEFT_IN_A_ROW;
  }

  #parse(from: number, to: number): boolean {
    const { isNewWay } = this.#reader;
    try {
      this.#parsed.push(JSON.parse(bytes.toString('utf8', from, to)));
      this.#order.push(PARSED);
    } catch {
      return false;
    }
    if (isNewWay) this.#reader.learn(from, to);
    return true;
  }
}
