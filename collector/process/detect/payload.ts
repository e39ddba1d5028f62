/**
 * The texts of a call's arguments or result, as detectors read them: each string or number at its path, once, within
 * a bound. What is behind the bound is not looked at, and `cut` says so.
 */

/** Looked at of one payload, in UTF-16 code units: enough for most results, and what bounds a detector's work. */
export const PAYLOAD_LENGTH = 16_384;
const MAXIMUM_FIELDS = 256;
const MAXIMUM_DEPTH = 16;
/** A key that is longer is no name but content: it is read as a text, and is part of no path. */
const LONGEST_KEY = 64;

export interface Field {
  /** Dots between keys, `[]` for any element of an array: `content[].text`; `{}` for a key that is content itself. */
  readonly path: string;
  readonly text: string;
}

export interface Payload {
  readonly fields: readonly Field[];
  /** Length of all texts together. */
  readonly length: number;
  /** Something of it was not looked at. */
  readonly cut: boolean;
}

/** Reads a payload; one that is the text of a JSON object or array is read as that. */
export function readPayload(value: unknown): Payload {
  const fields: Field[] = [];
  let length = 0;
  let cut = false;
  const add = (path: string, text: string) => {
    const room = PAYLOAD_LENGTH - length;
    if (room <= 0 || fields.length >= MAXIMUM_FIELDS) {
      cut = true;
      return;
    }
    if (text.length > room) cut = true;
    const kept = text.length > room ? text.slice(0, room) : text;
    fields.push({ path, text: kept });
    length += kept.length;
  };
  const walk = (node: unknown, path: string, depth: number) => {
    if (cut) return;
    if (typeof node === 'string') add(path, node);
    else if (typeof node === 'number' || typeof node === 'bigint') add(path, String(node));
    else if (node === null || typeof node !== 'object') return;
    else if (depth >= MAXIMUM_DEPTH) cut = true;
    else if (Array.isArray(node)) for (const item of node) walk(item, `${path}[]`, depth + 1);
    else
      for (const key of Object.keys(node)) {
        const name = key.length > LONGEST_KEY ? '{}' : key;
        const at = path === '' ? name : `${path}.${name}`;
        if (name !== key) add(at, key);
        walk((node as Record<string, unknown>)[key], at, depth + 1);
      }
  };
  walk(fromJson(value), '', 0);
  return { fields, length, cut };
}

/** How objects and arrays begin. Python's notation looks alike, some are cut, and a parse that fails is dear. */
const JSON_BEGINS = /^\s*(?:\{\s*["}]|\[\s*[[{"\]\-\dtfn])/;

/** Some sources send arguments and results as JSON text. */
function fromJson(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > PAYLOAD_LENGTH || !JSON_BEGINS.test(value)) return value;
  const last = value.trimEnd().at(-1);
  if (last !== '}' && last !== ']') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
