/** The start line and headers of an HTTP/1.1 message, and what follows them. */
import type { HeaderReader } from './identity.ts';

export interface Head {
  /** `POST`, or empty in a response. */
  readonly method: string;
  /** Path and query as sent, or empty in a response. */
  readonly target: string;
  /** 0 in a request. */
  readonly status: number;
  /** First value of a header, by its lower-case name. */
  readonly header: HeaderReader;
}

/** How the end of a body is known. */
export type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

const START = /^(?:HTTP\/1\.[01] (\d{3})|([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.[01])/;

/** Reads a head, without its final empty line. Undefined when it is none of HTTP/1. */
export function readHead(text: string): Head | undefined {
  const [start = '', ...lines] = text.split('\r\n');
  const [found, status, method = '', target = ''] = START.exec(start) ?? [];
  if (found === undefined) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { method, target, status: Number(status ?? 0), header: (name) => headers.get(name) };
}

/** What follows a request's head. */
export function framingOfRequest(head: Head): Framing | undefined {
  return declaredFraming(head) ?? { kind: 'length', bytes: 0 };
}

/** What follows a response's head (RFC 9112, section 6.3). */
export function framingOfResponse(head: Head, requestMethod: string): Framing | undefined {
  const { status } = head;
  const bodiless = requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304;
  return bodiless ? { kind: 'length', bytes: 0 } : (declaredFraming(head) ?? { kind: 'close' });
}

function declaredFraming({ header }: Head): Framing | undefined {
  const coding = header('transfer-encoding');
  if (coding !== undefined) return { kind: /\bchunked\s*$/i.test(coding) ? 'chunked' : 'close' };
  const length = header('content-length');
  return length !== undefined && /^\d{1,15}$/.test(length)
    ? { kind: 'length', bytes: Number(length) }
    : undefined;
}

/** The head with the values of some headers replaced where they stand; every other byte stays. */
export function replaceHeaders(text: string, replaced: ReadonlyMap<string, string>): string {
  return text
    .split('\r\n')
    .map((line, i) => {
      const name = line.slice(0, Math.max(0, line.indexOf(':')));
      const value = i === 0 ? undefined : replaced.get(name.toLowerCase());
      return value === undefined ? line : `${name}: ${value}`;
    })
    .join('\r\n');
}
