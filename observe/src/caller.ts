/** Who is at the other end of a conversation: the client and its session, as far as the transport lets them be known. */
import { randomUUID } from 'node:crypto';
import type { ClientIdentity, CommonFields, Perspective } from './events.ts';
import { clientOfMeta, clientOfUserAgent, type HeaderReader, implementation, traceIdOf } from './identity.ts';
import type { Fields } from './json.ts';

/** What a transport knows of a message beside its text. */
export interface Arrival {
  /** HTTP headers; undefined means that the transport is a connection of its own, such as stdio. */
  readonly header?: HeaderReader | undefined;
  readonly user?: string | undefined;
  readonly source?: string | undefined;
}

/** What a transport knows of itself. */
export interface Link {
  /** The server's name, where the transport's owner knows it. */
  readonly server?: string | undefined;
  readonly perspective: Perspective;
  /** Hash of `Mcp-Session-Id`, once there is one. */
  readonly session: () => string | undefined;
}

export class Caller {
  readonly #link: Link;
  #client: ClientIdentity | undefined;
  #connectionId: string | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** What an event says of the caller of a request. Requests of the stateless revision have no session. */
  common(meta: Fields | undefined, modern: boolean, arrival: Arrival): CommonFields {
    const stated = clientOfMeta(meta) ?? this.#client;
    return {
      client: stated ?? clientOfUserAgent(arrival.header?.('user-agent')),
      user: arrival.user,
      session: modern ? undefined : this.session(arrival),
      trace_id: traceIdOf(meta),
      source: arrival.source,
    };
  }

  /** The handshake succeeded. Returns what is known now: the header that names the session comes with its answer. */
  initialized(clientInfo: unknown, common: CommonFields): CommonFields {
    this.#client = implementation(clientInfo) ?? this.#client;
    return {
      ...common,
      client: this.#client ?? common.client,
      session: common.session ?? this.#sessionWithId(),
    };
  }

  session(arrival: Arrival): { readonly id: string } | undefined {
    const withId = this.#sessionWithId();
    if (withId !== undefined || arrival.header !== undefined) return withId;
    this.#connectionId ??= randomUUID();
    return { id: this.#connectionId };
  }

  /** The next session of this connection is another one. */
  left(): void {
    this.#connectionId = undefined;
  }

  #sessionWithId(): { readonly id: string } | undefined {
    const id = this.#link.session();
    return id === undefined ? undefined : { id };
  }
}

/** What tells two callers apart that share nothing but request numbers. */
export function callerKey({ header, user, source }: Arrival): string {
  return JSON.stringify([source, user, header?.('user-agent')]);
}
