/** Defaults overridden by options: deep for objects of known keys, whole for records and lists of the user's own. */

// biome-ignore lint/suspicious/noExplicitAny: a list of anything
export type DeepPartial<T> = T extends readonly any[] | string | number | boolean
  ? T
  : { readonly [K in keyof T]?: DeepPartial<T[K]> };

interface Keys {
  /** Keys, at any depth, whose values are not merged but replaced. */
  readonly takenWhole: ReadonlySet<string>;
  /** Dotted paths that have no default. */
  readonly optionalKeys: ReadonlySet<string>;
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws `stack.config.ts: <path> ...` on a key that does not exist or a value of another type. */
export function merge<T extends object>(defaults: T, options: DeepPartial<T>, keys: Keys): T {
  return mergeFields(defaults as Fields, options as Fields, keys, '') as T;
}

function mergeFields(defaults: Fields, options: Fields, keys: Keys, path: string): Fields {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const at = path ? `${path}.${key}` : key;
    const standard = defaults[key];
    if (keys.takenWhole.has(key) || keys.optionalKeys.has(at)) merged[key] = value;
    else if (!Object.hasOwn(defaults, key)) {
      throw new Error(
        `stack.config.ts: ${at} is not a setting (known here: ${Object.keys(defaults).join(', ')})`,
      );
    } else if (isObject(standard) && isObject(value)) merged[key] = mergeFields(standard, value, keys, at);
    else if (typeof value !== typeof standard) {
      throw new Error(`stack.config.ts: ${at} must be a ${typeof standard}, not ${JSON.stringify(value)}`);
    } else merged[key] = value;
  }
  return merged;
}
