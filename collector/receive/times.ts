/** RFC 3339 times, parsed by hand: strict where `Date.parse` is lenient, and cheaper on the hot path. */

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const DAY_MINUTES = 24 * 60;
/** Length of the shortest form, `2026-11-21T09:30:00Z`. */
const SHORTEST = 20;
const DASH = 0x2d;
const COLON = 0x3a;
const DOT = 0x2e;
const PLUS = 0x2b;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;
const ZERO = 0x30;

/** Makes an ASCII letter upper case; RFC 3339 allows both. */
const upper = (code: number) => code & ~0x20;
const isDigit = (value: number) => value >= 0 && value <= 9;
const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** The number at two places inside a text, -1 when these are not digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return isDigit(tens) && isDigit(ones) ? tens * 10 + ones : -1;
}

/** Days from 1970-01-01 to a day of the proleptic Gregorian calendar (Hinnant, "days_from_civil"). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Minutes that the zone at the end of a text is ahead of UTC; undefined when there is none. */
function zoneMinutes(text: string, at: number): number | undefined {
  const code = text.charCodeAt(at);
  if (text.length === at + 1) return upper(code) === UPPER_Z ? 0 : undefined;
  if (text.length !== at + 6 || (code !== PLUS && code !== DASH) || text.charCodeAt(at + 3) !== COLON)
    return undefined;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * (code === DASH ? -1 : 1);
}

/**
 * Milliseconds since the epoch of an RFC 3339 time with a zone, fractions kept to the microsecond; undefined when it
 * is none or names a day or minute that does not exist. A leap second is the first instant of the next minute.
 */
export function parseTime(text: string): number | undefined {
  const separated =
    text.length >= SHORTEST &&
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    upper(text.charCodeAt(10)) === UPPER_T &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON;
  if (!separated) return undefined;
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (century < 0 || yearOfCentury < 0 || hour < 0 || minute < 0 || second < 0) return undefined;
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return undefined;
  const year = century * 100 + yearOfCentury;
  if (day < 1 || day > (month === 2 && isLeap(year) ? 29 : monthDays[month - 1]!)) return undefined;

  let at = 19;
  let micros = 0;
  if (text.charCodeAt(at) === DOT) {
    const first = ++at;
    let unit = 1_000_000;
    for (; at < text.length && isDigit(text.charCodeAt(at) - ZERO); at++) {
      unit = Math.trunc(unit / 10);
      micros += (text.charCodeAt(at) - ZERO) * unit;
    }
    if (at === first) return undefined;
  }
  const zone = zoneMinutes(text, at);
  if (zone === undefined) return undefined;
  const minutes = daysSinceEpoch(year, month, day) * DAY_MINUTES + hour * 60 + minute - zone;
  // Leap seconds are inserted at the end of a day of UTC only.
  if (second === 60 && (minutes + 1) % DAY_MINUTES !== 0) return undefined;
  return minutes * 60_000 + second * 1_000 + micros / 1_000;
}

const milliseconds = Array.from({ length: 1_000 }, (_, n) => `${n}`.padStart(3, '0'));
/** The second that was written last, as it stands before the milliseconds. */
let written = { second: Number.NaN, text: '' };

/**
 * As `new Date(timeMs).toISOString()`, at a tenth of its cost where many times are of one second. Fractions of a
 * millisecond are cut off.
 */
export function formatTime(timeMs: number): string {
  const second = Math.floor(timeMs / 1_000);
  if (second !== written.second) {
    written = { second, text: new Date(second * 1_000).toISOString().slice(0, -'000Z'.length) };
  }
  return `${written.text}${milliseconds[Math.floor(timeMs) - second * 1_000]}Z`;
}

const WRITTEN_LENGTH = '2026-11-21T09:30:00.000Z'.length;

/** Whether a valid time stands as `formatTime` would write it. */
export const isAsWritten = (time: string): boolean =>
  time.length === WRITTEN_LENGTH &&
  time[10] === 'T' &&
  time[19] === '.' &&
  time[23] === 'Z' &&
  // A leap second has another name as well.
  time[17] !== '6';
