/** Times in the scratch. Calls of one body mostly share their second, which is then compared instead of being read. */
import { isAsWritten, parseTime } from '../times.ts';
import { isDigit, ZERO } from './numbers.ts';
import { endOfText } from './scan.ts';
import { asciiText, bytes, view } from './scratch.ts';

/** Milliseconds of a time, written as `toISOString` does. */
const TIME_LENGTH = '2026-11-21T09:30:00.000Z'.length;
const SECOND_LENGTH = '2026-11-21T09:30:00.'.length;
const LONGEST_TIME = 40;
const UPPER_Z_AND_QUOTE = 0x225a;

export class Time {
  /** Of the time that was read last: in milliseconds, where it ended, and whether it stands as we write times. */
  ms = Number.NaN;
  end = 0;
  isAsWritten = false;
  /** The second of the last time, as words of four bytes. */
  readonly #second = [0, 0, 0, 0, 0];
  #secondMs = Number.NaN;
  #secondIsAsWritten = false;

  /** False when it is no valid time. */
  read(start: number): boolean {
    const at = start + SECOND_LENGTH;
    const second = this.#second;
    if (
      view.getInt32(start, true) === second[0] &&
      view.getInt32(start + 16, true) === second[4] &&
      view.getInt32(start + 12, true) === second[3] &&
      view.getInt32(start + 8, true) === second[2] &&
      view.getInt32(start + 4, true) === second[1] &&
      view.getInt16(at + 3, true) === UPPER_Z_AND_QUOTE
    ) {
      const hundreds = bytes[at]! - ZERO;
      const tens = bytes[at + 1]! - ZERO;
      const ones = bytes[at + 2]! - ZERO;
      if (!(isDigit(hundreds) && isDigit(tens) && isDigit(ones))) return false;
      const timeMs = this.#secondMs + hundreds * 100 + tens * 10 + ones;
      // While no second is known, zeros stand for it, which control characters are, too.
      if (Number.isNaN(timeMs)) return false;
      this.end = start + TIME_LENGTH;
      this.ms = timeMs;
      this.isAsWritten = this.#secondIsAsWritten;
      return true;
    }
    const end = endOfText(start);
    if (end < 0 || end - start > LONGEST_TIME) return false;
    const text = asciiText(start, end);
    const timeMs = parseTime(text);
    if (timeMs === undefined) return false;
    this.end = end;
    this.ms = timeMs;
    this.isAsWritten = isAsWritten(text);
    this.#secondIsAsWritten = this.isAsWritten;
    const isUsual = text.length === TIME_LENGTH && text[SECOND_LENGTH - 1] === '.' && text.endsWith('Z');
    this.#secondMs = isUsual ? timeMs - Number(text.slice(SECOND_LENGTH, -1)) : Number.NaN;
    for (let i = 0; i < second.length; i++) second[i] = isUsual ? view.getInt32(start + i * 4, true) : 0;
    return true;
  }
}
