/** Where events go and what they say of this process: options first, then the environment, then defaults. */
import { readFileSync } from 'node:fs';
import { text } from './json.ts';
import type { Redact } from './redact.ts';

export interface ObserveOptions {
  /** The collector. Default `MCP_LOOKOUT_URL`, else `http://127.0.0.1:4318`. */
  readonly url?: string;
  /** Bearer token for the collector. Default `MCP_LOOKOUT_TOKEN`. */
  readonly token?: string;
  /** File that holds the token, read before each request. Default `MCP_LOOKOUT_TOKEN_FILE`. */
  readonly tokenFile?: string;
  /** Name of the MCP server. Default `MCP_LOOKOUT_SERVER_NAME`, else the name the server gives itself. */
  readonly server?: string;
  /** Deployment environment, such as production. Default `MCP_LOOKOUT_ENVIRONMENT`. */
  readonly environment?: string;
  /** Type of the sessions, such as research. Default `MCP_LOOKOUT_SESSION_TYPE`. */
  readonly sessionType?: string;
  /**
   * Sends arguments, results and error texts up to 64 KiB, after secrets are replaced by key and shape; a function
   * sees each after that and returns what to send. Default `MCP_LOOKOUT_PAYLOADS=1`, else off.
   */
  readonly payloads?: boolean | Redact;
  /** Events kept while the collector cannot be reached; beyond, the oldest are dropped. Default 10,000. */
  readonly maxQueuedEvents?: number;
}

export interface Settings {
  /** Where events are posted. */
  readonly endpoint: URL;
  readonly token: () => string | undefined;
  readonly server: string | undefined;
  readonly environment: string | undefined;
  readonly sessionType: string | undefined;
  readonly payloads: Redact | undefined;
  readonly maxQueuedEvents: number;
}

const DEFAULT_URL = 'http://127.0.0.1:4318';

/** Throws one sentence that names the option when a value cannot be used. */
export function resolveSettings(options: ObserveOptions, env: NodeJS.ProcessEnv = process.env): Settings {
  const url = options.url ?? env.MCP_LOOKOUT_URL ?? DEFAULT_URL;
  let endpoint: URL;
  try {
    endpoint = new URL('v1/events', url.endsWith('/') ? url : `${url}/`);
  } catch {
    throw new Error(`MCP_LOOKOUT_URL (url) is no URL; give it as ${DEFAULT_URL}`);
  }
  if (endpoint.protocol !== 'http:' && endpoint.protocol !== 'https:') {
    throw new Error('MCP_LOOKOUT_URL (url) must begin with http:// or https://');
  }
  const maxQueuedEvents = options.maxQueuedEvents ?? 10_000;
  if (!Number.isSafeInteger(maxQueuedEvents) || maxQueuedEvents < 1) {
    throw new Error('maxQueuedEvents must be a whole number above 0');
  }
  const token = options.token ?? env.MCP_LOOKOUT_TOKEN;
  const tokenFile = options.tokenFile ?? env.MCP_LOOKOUT_TOKEN_FILE;
  const payloads = options.payloads ?? env.MCP_LOOKOUT_PAYLOADS === '1';
  return {
    endpoint,
    // A file is read each time, since tokens are rotated in place.
    token: () => (token ?? (tokenFile && readFileSync(tokenFile, 'utf8').trim())) || undefined,
    server: text(options.server ?? env.MCP_LOOKOUT_SERVER_NAME),
    environment: text(options.environment ?? env.MCP_LOOKOUT_ENVIRONMENT),
    sessionType: text(options.sessionType ?? env.MCP_LOOKOUT_SESSION_TYPE),
    payloads: typeof payloads === 'function' ? payloads : payloads ? (value) => value : undefined,
    maxQueuedEvents,
  };
}
