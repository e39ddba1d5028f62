/**
 * What of an event may be kept: everything but its payload and the session id in clear.
 *
 * A session id can be a credential, so a keyed hash stands in for it everywhere behind the front door. The key
 * lives beside the journal, hence the same session keeps its name across restarts.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { McpEvent } from '../catalogue/events.ts';
import { replaceFile } from '../journal/durable-file.ts';

export const KEY_FILE = 'session-key';
const KEY_BYTES = 32;
/** 128 bits: enough to tell any two sessions apart. */
const HASH_BYTES = 16;
/** Session ids whose hash is remembered at least, since a session sends many events and hashing costs more than parsing. */
const REMEMBERED = 10_000;

/** The collector's own secret, made at the first start: never leaves the data directory. */
export async function readOrCreateKey(dataDirectory: string, logger: Logger): Promise<Buffer> {
  const file = join(dataDirectory, KEY_FILE);
  let key = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (key === undefined) {
    // A new volume may hold folders of its own, such as lost+found.
    if ((await readdir(dataDirectory)).some((entry) => /^(journal|partition-\d+)$/.test(entry)))
      logger.warn(
        `${file} is missing, so a new key is made: sessions get other names than before, and events that are sent again from before count again; restore the file and start again if you have it`,
      );
    key = randomBytes(KEY_BYTES);
    await replaceFile(dataDirectory, KEY_FILE, [key]);
  }
  if (key.length !== KEY_BYTES)
    throw new Error(
      `${file} is not a key of ${KEY_BYTES} bytes: restore it, or delete it to have a new one made`,
    );
  return key;
}

export class SessionHash {
  /** Made once: from bytes it is made anew for each hash, which takes six times as long as hashing. */
  readonly #key: KeyObject;
  /** Two generations: a map that evicts its oldest entry one by one is slow in V8. */
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  constructor(key: Buffer) {
    this.#key = createSecretKey(key);
  }

  /** The name under which a session is known: HMAC-SHA256 of its id, cut to 128 bits, in hex. */
  of(sessionId: string): string {
    const known = this.#young.get(sessionId);
    if (known !== undefined) return known;
    const hash = this.#old.get(sessionId) ?? this.#compute(sessionId);
    if (this.#young.size >= REMEMBERED) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(sessionId, hash);
    return hash;
  }

  #compute(sessionId: string): string {
    // A text of its own: cut from a longer one it would hold on to that.
    return createHmac('sha256', this.#key).update(sessionId).digest().toString('hex', 0, HASH_BYTES);
  }
}

/** Size in bytes of a value as JSON. */
const jsonBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** Fills in the sizes of an event's payload where its sender left them out. */
export function measurePayload(event: McpEvent): void {
  if (event.kind !== 'tool_call') return;
  if (event.arguments !== undefined) event.request_bytes ??= jsonBytes(event.arguments);
  if (event.result !== undefined) event.response_bytes ??= jsonBytes(event.result);
}

/** The event without its payload: what the journal keeps. Error messages are written by tools, so they go too. */
export function withoutPayload(event: McpEvent): McpEvent {
  if (event.kind !== 'tool_call') return event;
  if (event.arguments === undefined && event.result === undefined && event.error_message === undefined)
    return event;
  const { arguments: _arguments, result: _result, error_message: _message, ...kept } = event;
  return kept;
}
