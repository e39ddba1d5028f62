/**
 * What the calls of a session have in common, remembered from event to event: who calls which server, from where.
 *
 * Looked up once an event by the session's id as it was sent; a comparison of a few fields then spares the keyed hash
 * of the id, which costs more than parsing the event, and making the text that the journal keeps. The ids are as good
 * as passwords, so they stay in this memory.
 */
import type { McpEvent } from '../catalogue/events.ts';
import { type SharedText, settingOf } from '../journal/shared-texts.ts';
import type { SessionHash } from './privacy.ts';

/** Sessions remembered at least, and as many again that have not been heard of since. */
const REMEMBERED = 10_000;
/** A session that goes on at several servers has several settings. */
const SETTINGS_OF_A_SESSION = 4;

interface Known {
  /** The session's name behind the front door. */
  readonly hash: string;
  readonly text: SharedText;
  readonly server: string;
  readonly client: string | undefined;
  readonly version: string | undefined;
  readonly user: string | undefined;
  readonly type: string | undefined;
  readonly origin: string | undefined;
  readonly source: string | undefined;
  readonly environment: string | undefined;
}

export class Settings {
  readonly #hash: SessionHash;
  /** Two generations: a map that evicts its oldest entry one by one is slow in V8. */
  #young = new Map<string, Known[]>();
  #old = new Map<string, Known[]>();

  constructor(hash: SessionHash) {
    this.#hash = hash;
  }

  /** Puts the keyed hash in place of the event's session id; the answer is the text of the session's setting. */
  of(event: McpEvent): SharedText | undefined {
    const { session } = event;
    if (session === undefined) return undefined;
    const known = this.#ofSession(session.id);
    for (let i = 0; i < known.length; i++) {
      const setting = known[i]!;
      if (!isSame(setting, event)) continue;
      session.id = setting.hash;
      return setting.text;
    }
    session.id = known[0]?.hash ?? this.#hash.of(session.id);
    const setting = remember(event, session.id);
    if (known.unshift(setting) > SETTINGS_OF_A_SESSION) known.pop();
    return setting.text;
  }

  #ofSession(id: string): Known[] {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    if (this.#young.size >= REMEMBERED) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    const known = this.#old.get(id) ?? [];
    this.#young.set(id, known);
    return known;
  }
}

const isSame = (known: Known, { server, client, user, session, source, environment }: McpEvent): boolean =>
  known.server === server &&
  known.client === client?.name &&
  known.version === client?.version &&
  known.user === user &&
  known.type === session?.type &&
  known.origin === session?.origin &&
  known.source === source &&
  known.environment === environment;

function remember(event: McpEvent, hash: string): Known {
  const { server, client, user, session, source, environment } = event;
  return {
    hash,
    text: settingOf(event),
    server,
    client: client?.name,
    version: client?.version,
    user,
    type: session?.type,
    origin: session?.origin,
    source,
    environment,
  };
}
