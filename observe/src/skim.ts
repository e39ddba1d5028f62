/**
 * What a message too large to keep was about. Reads it once, chunk by chunk, and keeps its small top fields (`id`,
 * `method`, and what is directly under `params`, `result` and `error`), with the sizes of what it leaves out.
 */
import type { Observed } from './json-rpc.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Longer fields are left out; so are fields beyond the first of these many. */
const LONGEST_FIELD_BYTES = 16 * 1024;
const MOST_FIELDS = 64;
const LONGEST_KEY_BYTES = 256;
const PARENTS = new Set(['params', 'result', 'error']);

/** A value being read: where it began, and its bytes as long as it is worth keeping. */
interface Kept {
  readonly key: string;
  readonly from: number;
  parts: Buffer[] | undefined;
  bytes: number;
}

export class Skim {
  #offset = 0;
  #depth = 0;
  #inString = false;
  /** An odd number of backslashes ended the last chunk. */
  #escaped = false;
  #expectsKey = false;
  #isObject = false;
  #key: Buffer[] | undefined;
  #keyBytes = 0;
  /** Open values under the message and under its `params`, `result` or `error`. */
  #field: Kept | undefined;
  #subfield: Kept | undefined;
  #lastKey = '';
  readonly #message = new Map<string, unknown>();
  readonly #children = new Map<string, Map<string, unknown>>();
  #argumentBytes: number | undefined;
  #resultBytes: number | undefined;

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#inString ? this.#skipString(chunk, at) : this.#step(chunk, at);
    }
    this.#keep(this.#field, chunk, chunk.length);
    this.#keep(this.#subfield, chunk, chunk.length);
    this.#offset += chunk.length;
  }

  /** The message without its large fields; undefined when it is no object. */
  end(): Observed | undefined {
    if (!this.#isObject || this.#depth !== 0) return undefined;
    const message = new Map(this.#message);
    for (const [parent, children] of this.#children) message.set(parent, Object.fromEntries(children));
    return {
      message: Object.fromEntries(message),
      argumentBytes: this.#argumentBytes,
      resultBytes: this.#resultBytes,
    };
  }

  /** Moves to the end of the string, or of the chunk. Strings make messages large, so the search is native. */
  #skipString(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at += 1;
    }
    for (;;) {
      const quote = chunk.indexOf(QUOTE, at);
      const stop = quote === -1 ? chunk.length : quote;
      let backslashes = 0;
      while (stop - backslashes > at && chunk[stop - backslashes - 1] === BACKSLASH) backslashes += 1;
      const escaped = backslashes % 2 === 1;
      if (quote === -1) {
        this.#escaped = escaped;
        this.#keepKey(chunk.subarray(from));
        return chunk.length;
      }
      at = quote + 1;
      if (!escaped) break;
    }
    this.#inString = false;
    if (this.#key !== undefined) {
      this.#keepKey(chunk.subarray(from, at - 1));
      this.#lastKey = this.#keyBytes > LONGEST_KEY_BYTES ? '' : Buffer.concat(this.#key).toString('utf8');
      this.#key = undefined;
    }
    return at;
  }

  #keepKey(part: Buffer): void {
    this.#keyBytes += part.length;
    if (this.#keyBytes <= LONGEST_KEY_BYTES) this.#key?.push(Buffer.from(part));
  }

  #step(chunk: Buffer, at: number): number {
    switch (chunk[at]) {
      case QUOTE:
        this.#inString = true;
        if (this.#expectsKey) {
          this.#key = [];
          this.#keyBytes = 0;
          this.#expectsKey = false;
        }
        break;
      case COLON:
        if (this.#depth <= 2) this.#begin(at + 1);
        break;
      case COMMA:
        if (this.#depth <= 2) this.#finish(chunk, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#depth += 1;
        if (this.#depth === 1) this.#isObject = chunk[at] === OPEN_BRACE;
        this.#expectsKey = this.#keysMatter() && chunk[at] === OPEN_BRACE;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (this.#depth <= 2) this.#finish(chunk, at);
        this.#depth -= 1;
        this.#expectsKey = false;
    }
    return at + 1;
  }

  #keysMatter(): boolean {
    return (
      this.#isObject &&
      (this.#depth === 1 || (this.#depth === 2 && this.#field !== undefined && PARENTS.has(this.#field.key)))
    );
  }

  #begin(at: number): void {
    if (!this.#keysMatter()) return;
    const key = this.#lastKey;
    const isParent = this.#depth === 1 && PARENTS.has(key);
    const kept: Kept = { key, from: this.#offset + at, parts: isParent ? undefined : [], bytes: 0 };
    if (this.#depth === 1) this.#field = kept;
    else this.#subfield = kept;
  }

  /** A value ended before this byte, or a container did that had none open. */
  #finish(chunk: Buffer, at: number): void {
    const open = this.#depth === 1 ? this.#field : this.#subfield;
    if (open !== undefined) {
      this.#keep(open, chunk, at);
      const size = this.#offset + at - open.from;
      if (this.#depth === 1) {
        if (open.key === 'result') this.#resultBytes = size;
        this.#field = undefined;
        if (!PARENTS.has(open.key)) set(this.#message, open);
        else if (!this.#children.has(open.key)) this.#children.set(open.key, new Map());
      } else {
        const parent = this.#field?.key ?? '';
        if (parent === 'params' && open.key === 'arguments') this.#argumentBytes = size;
        this.#subfield = undefined;
        const children = this.#children.get(parent) ?? new Map<string, unknown>();
        this.#children.set(parent, children);
        set(children, open);
      }
    }
    this.#expectsKey = chunk[at] === COMMA && this.#keysMatter();
  }

  #keep(kept: Kept | undefined, chunk: Buffer, until: number): void {
    if (kept?.parts === undefined) return;
    const part = chunk.subarray(Math.max(0, kept.from - this.#offset), until);
    kept.bytes += part.length;
    // A copy, since a slice would hold its whole chunk in memory.
    if (kept.bytes <= LONGEST_FIELD_BYTES) kept.parts.push(Buffer.from(part));
    else kept.parts = undefined;
  }
}

function set(fields: Map<string, unknown>, { key, parts }: Kept): void {
  if (parts === undefined || fields.size >= MOST_FIELDS) return;
  try {
    fields.set(key, JSON.parse(Buffer.concat(parts).toString('utf8')));
  } catch {
    // No JSON: whoever the message is for will find out.
  }
}
