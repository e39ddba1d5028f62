/** Arguments and results, where their owner asked for them: secrets by key and by shape are replaced. */
import { jsonBytes } from './json.ts';

export interface RedactContext {
  readonly tool: string;
  readonly direction: 'request' | 'response';
}
/** Runs after the built-in redaction; what it returns is sent, `undefined` sends nothing. */
export type Redact = (value: unknown, context: RedactContext) => unknown;

/** Larger payloads are left out: an event must stay small beside its neighbours. */
const LARGEST_PAYLOAD_BYTES = 64 * 1024;
const DEEPEST = 32;
const HIDDEN = '[redacted]';

const secretKey =
  /authorization|cookie|passw|secret|token|api[-_]?key|private[-_]?key|credential|session[-_]?id/i;
const secretText =
  /\b(?:bearer\s+[\w.~+/=-]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|(?:sk|pk|rk)[-_][\w-]{16,}|gh[oprsu]_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[A-Z\d]{16})/gi;

/** The value to send, or undefined when it is too large, too deep or not for JSON. */
export function redacted(value: unknown, redact: Redact, context: RedactContext): unknown {
  if (value === undefined) return undefined;
  try {
    if (jsonBytes(value) > LARGEST_PAYLOAD_BYTES) return undefined;
    return redact(hide(value, 0), context);
  } catch {
    return undefined;
  }
}

function hide(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(secretText, HIDDEN);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => hide(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, secretKey.test(key) ? HIDDEN : hide(item, depth + 1)]),
  );
}
