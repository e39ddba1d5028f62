/** Finds the fields of an event among a record's attributes, by the aliases of its source. */
import type { Attributes, AttributeValue, TelemetryRecord } from '../otlp/record.ts';
import { commonFields } from './fields.ts';
import type { Field, Get, Source } from './source.ts';

/** One field that an attribute may fill; of several attributes for one field, that with the lowest rank does. */
interface Use {
  readonly field: number;
  readonly rank: number;
}

/** A source, and what each attribute's name means there. */
export interface Plan {
  readonly source: Source;
  readonly uses: ReadonlyMap<string, readonly Use[]>;
}

const fields = Object.keys(commonFields) as Field[];
const indexOf = Object.fromEntries(fields.map((field, i) => [field, i])) as Record<Field, number>;
const UNFILLED = fields.map(() => Number.POSITIVE_INFINITY);

export function planOf(source: Source): Plan {
  const uses = new Map<string, Use[]>();
  fields.forEach((name, field) => {
    if (source.without?.includes(name)) return;
    const aliases = [...(source.fields?.[name] ?? []), ...commonFields[name]];
    aliases.forEach((key, rank) => {
      uses.set(key, [...(uses.get(key) ?? []), { field, rank }]);
    });
  });
  return { source, uses };
}

/** Proxies write `-` for what they do not know; ContextForge blacks out what it does not tell. */
const isAbsent = (value: AttributeValue | undefined) =>
  value === undefined || value === null || value === '' || value === '-' || value === '***REDACTED***';

function textOf(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'string') return isAbsent(value) ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

export class RecordReader {
  readonly record: TelemetryRecord;
  readonly #values: (AttributeValue | undefined)[] = [];
  readonly #ranks = UNFILLED.slice();

  constructor(record: TelemetryRecord, { uses }: Plan) {
    this.record = record;
    // A record's own word comes before its events', and both before its process's.
    this.#fill(record.attributes, uses);
    if (record.eventAttributes.size > 0) this.#fill(record.eventAttributes, uses);
    this.#fill(record.resource, uses);
  }

  #fill(attributes: Attributes, uses: Plan['uses']): void {
    for (const [key, value] of attributes) {
      const found = uses.get(key);
      if (found === undefined || isAbsent(value)) continue;
      for (const { field, rank } of found) {
        if (rank >= (this.#ranks[field] as number)) continue;
        this.#ranks[field] = rank;
        this.#values[field] = value;
      }
    }
  }

  readonly get: Get = (key) => {
    const { attributes, eventAttributes, resource } = this.record;
    return textOf(attributes.get(key) ?? eventAttributes.get(key) ?? resource.get(key));
  };

  text(field: Field): string | undefined {
    return textOf(this.raw(field));
  }

  /** The value of a field as it is: arguments and results may be maps. */
  raw(field: Field): AttributeValue | undefined {
    return this.#values[indexOf[field]];
  }

  number(field: Field): number | undefined {
    const text = this.text(field);
    if (text === undefined) return undefined;
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }

  /** A size in bytes. Proxies log 0 for what they streamed, so 0 is no size. */
  bytes(field: Field): number | undefined {
    const number = this.number(field);
    return number !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined;
  }
}
