/** Reading values that a hostile peer chose: nothing is assumed, everything is cut to a length. */

export type Fields = Readonly<Record<string, unknown>>;

/** Longest name, identifier and free text the collector accepts, in UTF-16 code units. */
export const NAME_LENGTH = 256;
export const TEXT_LENGTH = 4_096;

/** The value's fields when it is an object, else undefined. Arrays are not objects here. */
export function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

const HALF_A_CHARACTER = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A non-empty string, cut to `limit` code units, with whole characters only; else undefined. */
export function text(value: unknown, limit = NAME_LENGTH): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.slice(0, limit).replace(HALF_A_CHARACTER, '\ufffd');
}

/** An integer that fits the collector's `code`, else undefined. */
export function integerCode(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31
    ? value
    : undefined;
}

/** Bytes of the value as JSON; 0 for what JSON cannot write. */
export function jsonBytes(value: unknown): number {
  if (value === undefined) return 0;
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch {
    return 0;
  }
}

/** JSON with the keys of every object in order, so that equal values give equal text. */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > 64 || typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item, depth + 1)}`);
  return `{${entries.join(',')}}`;
}
