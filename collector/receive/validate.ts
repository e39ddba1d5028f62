/**
 * Checks derived from the event schemas: whether an event is valid is one function's word, what is wrong with one that
 * is not is found by a closure tree, both built once for each kind of event.
 *
 * The schemas stay the only place for an event's shape. The general validator of the schema library is not used on
 * network input, since it lists all errors of a value and so takes seconds over an object of a million unknown keys;
 * these checks stop at the first fault and say it in the sentence that the sender reads.
 */
import type { TSchema } from 'typebox';
import { eventKinds, eventSchemas } from '../catalogue/events.ts';
import { compileCheck, type Keywords } from './compiled-check.ts';

/** What is wrong with a value: where, as a path such as `client.name`, and what. */
interface Fault {
  readonly path: string;
  readonly text: string;
}
type Check = (value: unknown) => Fault | undefined;

const UNKNOWN_FIELD = '';
/** Longest part of a sender's own words that an error repeats. */
const QUOTED_LENGTH = 64;

const here = (text: string): Fault => ({ path: '', text });
const under = (key: string, { path, text }: Fault): Fault => ({
  path: path === '' || path.startsWith('[') ? `${key}${path}` : `${key}.${path}`,
  text,
});
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function stringCheck({ const: only, enum: values, minLength = 0, maxLength = Infinity }: Keywords): Check {
  if (only !== undefined) return (value) => (value === only ? undefined : here(`must be ${only}`));
  if (values !== undefined) {
    const known = new Set<unknown>(values);
    const fault = here(`must be one of ${values.join(', ')}`);
    return (value) => (known.has(value) ? undefined : fault);
  }
  return (value) => {
    if (typeof value !== 'string') return here('must be a string');
    if (value.length < minLength) return here(`must have at least ${minLength} characters`);
    if (value.length > maxLength) return here(`must have at most ${maxLength} characters`);
    return undefined;
  };
}

function numberCheck({ type, minimum = -Infinity, maximum = Infinity }: Keywords): Check {
  return (value) => {
    if (typeof value !== 'number') return here('must be a number');
    if (type === 'integer' && !Number.isInteger(value)) return here('must be a whole number');
    if (!(value >= minimum)) return here(`must be >= ${minimum}`);
    if (!(value <= maximum)) return here(`must be <= ${maximum}`);
    return undefined;
  };
}

function arrayCheck({ items, maxItems = Infinity }: Keywords): Check {
  const checkItem = checkOf(items!);
  return (value) => {
    if (!Array.isArray(value)) return here('must be an array');
    if (value.length > maxItems) return here(`must have at most ${maxItems} items`);
    for (let i = 0; i < value.length; i++) {
      const fault = checkItem(value[i]);
      if (fault !== undefined) return under(`[${i}]`, fault);
    }
    return undefined;
  };
}

function objectCheck({ properties = {}, required = [] }: Keywords): Check {
  // A Map, so that a key such as __proto__ or constructor finds nothing.
  const checks = new Map(Object.entries(properties).map(([key, schema]) => [key, checkOf(schema)]));
  return (value) => {
    if (!isObject(value)) return here('must be an object');
    for (const key of required) if (value[key] === undefined) return { path: key, text: 'is required' };
    for (const key in value) {
      const check = checks.get(key);
      if (check === undefined) return { path: key, text: UNKNOWN_FIELD };
      const fault = check(value[key]);
      if (fault !== undefined) return under(key, fault);
    }
    return undefined;
  };
}

function checkOf(schema: TSchema): Check {
  const keywords = schema as Keywords;
  const open = keywords.patternProperties !== undefined;
  if (keywords.type === 'string') return stringCheck(keywords);
  if (keywords.type === 'number' || keywords.type === 'integer') return numberCheck(keywords);
  if (keywords.type === 'array') return arrayCheck(keywords);
  if (keywords.type === 'object' && open)
    return (value) => (isObject(value) ? undefined : here('must be an object'));
  if (keywords.type === 'object' && keywords.additionalProperties === false) return objectCheck(keywords);
  if (keywords.type === undefined) return () => undefined;
  throw new Error(`no check for the schema ${JSON.stringify(schema)}`);
}

const checks = new Map<unknown, Check>(eventKinds.map((kind) => [kind, checkOf(eventSchemas[kind])]));
const compiled = new Map<unknown, ReturnType<typeof compileCheck>>(
  eventKinds.map((kind) => [kind, compileCheck(eventSchemas[kind])]),
);

const quoted = (text: string) =>
  JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text);

/** The first thing that is wrong with an event, as one sentence that names the field; undefined when nothing is. */
export function faultOf(value: unknown): string | undefined {
  const surelyValid = compiled.get((value as { kind?: unknown } | null | undefined)?.kind);
  return surelyValid?.(value) ? undefined : walkedFaultOf(value);
}

/** As `faultOf`, by the closures alone: what answers where there is no code made from text. */
export function walkedFaultOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'an event must be a JSON object';
  const check = checks.get(value.kind);
  if (check === undefined)
    return `kind ${value.kind === undefined ? 'is required and ' : ''}must be one of ${eventKinds.join(', ')}`;
  const fault = check(value);
  if (fault === undefined) return undefined;
  return fault.text === UNKNOWN_FIELD ? `unknown field ${quoted(fault.path)}` : `${fault.path} ${fault.text}`;
}
