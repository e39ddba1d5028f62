/** Who is calling: client, protocol era, trace, session. All of it is what the peer says of itself. */
import { createHash } from 'node:crypto';
import type { ClientIdentity } from './events.ts';
import { type Fields, fields, text } from './json.ts';

/** First revision without sessions and handshake: each request carries its own version and client. */
const FIRST_MODERN_REVISION = '2026-07-28';

/** Reads one HTTP header by its lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

export function metaOf(params: unknown): Fields | undefined {
  return fields(fields(params)?._meta);
}

/** Whether the request belongs to a revision without sessions. */
export function isModern(meta: Fields | undefined, header: HeaderReader | undefined): boolean {
  const version = meta?.['io.modelcontextprotocol/protocolVersion'] ?? header?.('mcp-protocol-version');
  return typeof version === 'string' && /^\d{4}-\d\d-\d\d$/.test(version) && version >= FIRST_MODERN_REVISION;
}

/** `clientInfo` or `serverInfo` as a name and a version. */
export function implementation(info: unknown): ClientIdentity | undefined {
  const name = text(fields(info)?.name);
  if (name === undefined) return undefined;
  const version = text(fields(info)?.version);
  return version === undefined ? { name } : { name, version };
}

export function clientOfMeta(meta: Fields | undefined): ClientIdentity | undefined {
  return implementation(meta?.['io.modelcontextprotocol/clientInfo']);
}

/** HTTP libraries and browsers, which say nothing of the client that uses them. */
const GENERIC_AGENTS =
  /^(node|undici|node-fetch|axios|got|bun|deno|python|python-httpx|python-requests|aiohttp|go-http-client|java|okhttp|curl|mozilla|reqwest|ruby)$/i;

/** The client that a user agent such as `claude-code/2.1 (linux)` names. */
export function clientOfUserAgent(userAgent: string | undefined): ClientIdentity | undefined {
  const [, name, version] = /^([\w.-]{1,100})\/([\w.+-]{1,60})/.exec(userAgent ?? '') ?? [];
  if (name === undefined || version === undefined || GENERIC_AGENTS.test(name)) return undefined;
  return { name, version };
}

/** The trace id of a W3C `traceparent`, from `params._meta`. */
export function traceIdOf(meta: Fields | undefined): string | undefined {
  const parent = meta?.traceparent;
  if (typeof parent !== 'string') return undefined;
  const id = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(parent)?.[1];
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}

/** Whoever knows a session id can take the session over, so only its hash leaves the process. */
export function hashSessionId(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}
