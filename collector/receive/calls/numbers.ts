/** Numbers in the scratch, exactly as `JSON.parse` reads them; those that it may read otherwise are left to it. */
import { bytes } from './scratch.ts';

/** Digits of a number that a double holds exactly. */
const DIGITS = 15;
const powersOfTen = Array.from({ length: DIGITS + 1 }, (_, n) => 10 ** n);

export const ZERO = 0x30;
const MINUS = 0x2d;
const DOT = 0x2e;

export class Numbers {
  /** Where the number ended that was read last. */
  end = 0;

  /** A whole number that is not negative; NaN for any other. */
  whole(start: number): number {
    let at = start;
    let value = 0;
    for (let digit = bytes[at]! - ZERO; isDigit(digit); digit = bytes[++at]! - ZERO)
      value = value * 10 + digit;
    this.end = at;
    return isNumber(start, at) ? value : Number.NaN;
  }

  /** A whole number; NaN for any other. */
  signed(start: number): number {
    if (bytes[start] !== MINUS) return this.whole(start);
    const value = this.whole(start + 1);
    // JSON knows a negative zero.
    return value === 0 ? Number.NaN : -value;
  }

  /** A number that is not negative, exactly as `JSON.parse` reads it: both parts of the fraction are exact, so one rounding is made. */
  decimal(start: number): number {
    const whole = this.whole(start);
    let at = this.end;
    if (bytes[at] !== DOT) return whole;
    const first = ++at;
    let value = whole;
    for (let digit = bytes[at]! - ZERO; isDigit(digit); digit = bytes[++at]! - ZERO)
      value = value * 10 + digit;
    this.end = at;
    return at > first && at - start <= DIGITS ? value / powersOfTen[at - first]! : Number.NaN;
  }
}

export const isDigit = (digit: number) => digit >= 0 && digit <= 9;

/** Whether what stands there, all digits, is a number that a double holds exactly. */
const isNumber = (start: number, end: number) =>
  end > start && end - start <= DIGITS && (bytes[start] !== ZERO || end === start + 1);
