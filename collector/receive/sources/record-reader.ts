/** Finds the fields of an event among a record's attributes, by the aliases of its source. */
import type { AttributeList } from '../otlp/attribute-list.ts';
import type { AttributeValue, TelemetryRecord } from '../otlp/record.ts';
import { commonFields } from './fields.ts';
import type { Field, Source } from './source.ts';

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
const UNFILLED = 255;
/** What fills the record that is being read, and its ranks; one at a time is. */
const values: (AttributeValue | undefined)[] = fields.map(() => undefined);
const ranks = new Uint8Array(fields.length);

/** What a process's attributes fill, read once for all its records. */
interface Filling extends Use {
  readonly value: AttributeValue;
}
const fillings = new WeakMap<AttributeList, { readonly plan: Plan; readonly fillings: readonly Filling[] }>();

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

/** Good until the next one is made. */
export class RecordReader {
  readonly record: TelemetryRecord;

  constructor(record: TelemetryRecord, plan: Plan) {
    this.record = record;
    ranks.fill(UNFILLED);
    values.fill(undefined);
    // A record's own word comes before its events', and both before its process's.
    this.#fill(record.attributes, plan.uses);
    if (record.eventAttributes.size > 0) this.#fill(record.eventAttributes, plan.uses);
    for (const { field, rank, value } of fillingsOf(record.resource, plan)) this.#take(field, rank, value);
  }

  #fill(attributes: AttributeList, uses: Plan['uses']): void {
    for (let i = 0; i < attributes.size; i++) {
      const found = uses.get(attributes.keyAt(i));
      if (found === undefined) continue;
      const value = attributes.valueAt(i);
      if (isAbsent(value)) continue;
      for (let use = 0; use < found.length; use++) {
        const { field, rank } = found[use] as Use;
        this.#take(field, rank, value);
      }
    }
  }

  #take(field: number, rank: number, value: AttributeValue): void {
    if (rank >= (ranks[field] as number)) return;
    ranks[field] = rank;
    values[field] = value;
  }

  get(key: string): string | undefined {
    const { attributes, eventAttributes, resource } = this.record;
    return textOf(attributes.get(key) ?? eventAttributes.get(key) ?? resource.get(key));
  }

  text(field: Field): string | undefined {
    return textOf(this.raw(field));
  }

  /** The value of a field as it is: arguments and results may be maps. */
  raw(field: Field): AttributeValue | undefined {
    return values[indexOf[field]];
  }

  number(field: Field): number | undefined {
    const value = this.raw(field);
    const text = typeof value === 'number' ? value : textOf(value);
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

function fillingsOf(resource: AttributeList, plan: Plan): readonly Filling[] {
  const known = fillings.get(resource);
  if (known?.plan === plan) return known.fillings;
  const found = [...resource].flatMap(([key, value]) =>
    isAbsent(value) ? [] : (plan.uses.get(key) ?? []).map((use) => ({ ...use, value })),
  );
  fillings.set(resource, { plan, fillings: found });
  return found;
}
