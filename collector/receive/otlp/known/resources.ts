/**
 * The processes and libraries that send spans, known by the bytes of their resource: a process sends the same ones with
 * each request, so they are read once.
 */
import { randomInt } from 'node:crypto';
import { AttributeList, NO_ATTRIBUTES } from '../attribute-list.ts';
import { readAttributesOf } from '../attributes.ts';
import type { KeyTable } from '../key-table.ts';
import type { WireReader } from '../wire.ts';
import { ROLE, roleOf } from './roles.ts';

/** Bounds, since senders choose their resources: how many are known at least, and how long one is. */
const KNOWN = 2_048;
const LONGEST_BYTES = 2_048;
const SCOPES = 32;

/** Of a Resource. */
const ATTRIBUTES = 1;
const SIZES = ROLE.requestBytes | ROLE.responseBytes;

/** A library in a process; what is known of its spans names it. */
export class Origin {
  /** What hashes of its spans begin with. */
  readonly secret = randomInt(2 ** 32) | 0;
  /** Spans in a row that could not be compared, and how many more are not even looked at. */
  leftInARow = 0;
  toLeave = 0;
}

export class KnownResource {
  readonly attributes: AttributeList;
  readonly #origins = new Map<string, Origin>();
  readonly #isPlain: boolean;

  /** `isKept`: whether it is known by the next request; what is learnt of the spans of one that is not is of no use. */
  constructor(attributes: AttributeList, isKept: boolean) {
    this.attributes = attributes;
    // Else a size may be the process's instead of the span's.
    this.#isPlain = isKept && ![...attributes].some(([key]) => (roleOf(key) & SIZES) !== 0);
  }

  /** The library of this name in the process; undefined when its spans cannot be compared. */
  origin(scope: string): Origin | undefined {
    if (!this.#isPlain) return undefined;
    const known = this.#origins.get(scope);
    if (known !== undefined) return known;
    if (this.#origins.size >= SCOPES) this.#origins.clear();
    const origin = new Origin();
    this.#origins.set(scope, origin);
    return origin;
  }
}

export const NO_RESOURCE = new KnownResource(NO_ATTRIBUTES, true);

export class KnownResources {
  readonly #keys: KeyTable;
  /** Two generations: a map that evicts its oldest entry one by one is slow in V8. */
  #young = new Map<string, KnownResource>();
  #old = new Map<string, KnownResource>();

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** Reads the Resource that follows. */
  next(reader: WireReader): KnownResource {
    const { position } = reader;
    const start = reader.slice();
    const end = reader.position;
    const text = end - start > LONGEST_BYTES ? undefined : reader.bytes.toString('latin1', start, end);
    const known = text === undefined ? undefined : (this.#young.get(text) ?? this.#old.get(text));
    if (known !== undefined) {
      this.#keep(text!, known);
      return known;
    }
    const attributes = new AttributeList();
    reader.position = position;
    readAttributesOf(reader, ATTRIBUTES, attributes, this.#keys);
    // Maps and lists of nothing take many times their bytes.
    const isSmall = ![...attributes].some(([, value]) => typeof value === 'object' && value !== null);
    if (text === undefined || !isSmall) return new KnownResource(attributes, false);
    const resource = new KnownResource(attributes, true);
    this.#keep(text, resource);
    return resource;
  }

  #keep(text: string, resource: KnownResource): void {
    if (this.#young.has(text)) return;
    if (this.#young.size >= KNOWN) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, resource);
  }
}

const byKeys = new WeakMap<KeyTable, KnownResources>();

/** Those whose attributes were read by the same keys. */
export function resourcesBy(keys: KeyTable): KnownResources {
  const known = byKeys.get(keys);
  if (known !== undefined) return known;
  const created = new KnownResources(keys);
  byKeys.set(keys, created);
  return created;
}
