/** Checks objects against Kubernetes' own definitions, cut out by `kubernetes-schema.ts`, and refuses unknown fields. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

export const fixture = (version: string) =>
  resolve(import.meta.dirname, `../fixtures/kubernetes/${version}.json`);

/** The oldest and the newest version that we claim; a field that both know is known between. */
export const kubernetesVersions = ['v1.35.4', 'v1.37.0'] as const;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Fields = { [key: string]: Json };
export type Definitions = Record<string, Fields>;
export interface Schema {
  readonly kinds: Record<string, string>;
  readonly definitions: Definitions;
}

/** The value with `map` applied to every object in it, outermost first. */
export function mapFields(value: Json, map: (fields: Fields) => Fields): Json {
  if (Array.isArray(value)) return value.map((entry) => mapFields(entry, map));
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(map(value as Fields)).map(([key, entry]) => [key, mapFields(entry, map)]);
  return Object.fromEntries(fields);
}

/** Refuses fields that the definition does not name, at any depth, and takes numbers where Kubernetes does. */
const strict = (fields: Fields) => {
  if (fields.format === 'int-or-string') return { type: ['integer', 'string'] };
  return fields.type === 'object' && fields.properties ? { ...fields, additionalProperties: false } : fields;
};

/** A check of whole objects: the sentences it returns are what is wrong with one. */
export function kubernetesCheck(version: string): (object: Record<string, unknown>) => string[] {
  const schema = JSON.parse(readFileSync(fixture(version), 'utf8')) as Schema;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'kubernetes', definitions: mapFields(schema.definitions, strict) });
  const checks = new Map<string, ValidateFunction>();
  return (object) => {
    const kind = `${object.apiVersion} ${object.kind}`;
    const name = schema.kinds[kind];
    if (!name) return [`${kind} is not in the fixture of ${version}`];
    const check = checks.get(kind) ?? ajv.compile({ $ref: `kubernetes#/definitions/${name}` });
    checks.set(kind, check);
    if (check(object)) return [];
    return check.errors!.map(
      ({ instancePath, message, params }) => `${kind}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}
