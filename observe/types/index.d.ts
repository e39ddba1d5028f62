/** MCP Lookout for TypeScript servers: `observe()` around a server or factory, `observeHttp()` for refusals. */

export interface RedactContext {
  readonly tool: string;
  readonly direction: 'request' | 'response';
}

/** Runs after the built-in redaction; what it returns is sent, `undefined` sends nothing. */
export type Redact = (value: unknown, context: RedactContext) => unknown;

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

export interface ObserveHttpOptions extends ObserveOptions {
  /** Path of the MCP endpoint, with what lies below it. Default `/mcp`. */
  readonly path?: string;
  /**
   * Header that a trusted proxy before this server appends the caller's address to, such as `x-forwarded-for`; its
   * last address counts. Default: the address of the connection.
   */
  readonly sourceHeader?: string;
}

/** What became of the events so far. */
export interface ObserveStats {
  /** Waiting to be sent. */
  queued: number;
  /** Taken by the collector, duplicates included. */
  accepted: number;
  /** Refused by the collector one by one, or with their whole batch, as wrong. */
  rejected: number;
  /** Thrown away since the queue was full. */
  dropped: number;
  /** Calls beyond the bound on calls in flight, or in messages that could not be read. */
  unobserved: number;
  /** Lines of a stdio server that are no JSON-RPC. */
  garbageLines: number;
  /** Why the last attempt to send failed. */
  lastError: string | undefined;
}

/**
 * Reports what an MCP server does to MCP Lookout. Takes an `McpServer` or `Server` of SDK v1 or v2, or a factory of
 * them for `createMcpHandler` and `serveStdio`, and returns the same server, or a factory that gives the same servers.
 */
export function observe<T extends object>(target: T, options?: ObserveOptions): T;

/** Reports each 401 and 403 on the MCP path as an auth failure, with the caller's address. Once per path is enough. */
export function observeHttp(options?: ObserveHttpOptions): void;

/**
 * Sends what is queued; for servers that call `process.exit()`. Resolves true when nothing is left, false at the
 * deadline in milliseconds or when the collector could not be reached.
 */
export function flush(deadlineMs?: number): Promise<boolean>;

/** What became of the events of this process. */
export function stats(): ObserveStats;
