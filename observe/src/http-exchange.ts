/** One HTTP request to the MCP endpoint and its answer, as the proxy sees them pass: which session, which calls, how they end. */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { authFailureReason } from './auth-failure.ts';
import type { Arrival } from './caller.ts';
import { Conversation } from './conversation.ts';
import { EventStream, type OnMessage, Text } from './framing.ts';
import type { Head } from './http-head.ts';
import { type HeaderReader, hashSessionId, isModern } from './identity.ts';
import { fields, integerCode } from './json.ts';
import { messagesOf, type Observed, type RequestKey, requestKey } from './json-rpc.ts';
import type { Observer } from './observer.ts';
import { CONNECTION_LOST, SERVER_LOST, verdictOfStatus } from './outcome.ts';

const MOST_SESSIONS = 10_000;
const TOO_MANY_REQUESTS = 429;

/** The sessions of one upstream, by the hash of their id. */
export class Sessions {
  readonly #observer: Observer;
  readonly #conversations = new Map<string, Conversation>();

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  get(hash: string): Conversation {
    const known =
      this.#conversations.get(hash) ??
      new Conversation(this.#observer, { perspective: 'gateway', session: () => hash });
    this.add(hash, known);
    return known;
  }

  /** Keeps the most recently used ones. */
  add(hash: string, conversation: Conversation): void {
    this.#conversations.delete(hash);
    this.#conversations.set(hash, conversation);
    const [oldest] = this.#conversations.keys();
    if (this.#conversations.size > MOST_SESSIONS && oldest !== undefined) this.close(oldest, 'forgotten');
  }

  close(hash: string, reason: string): void {
    this.#conversations.get(hash)?.close(reason);
    this.#conversations.delete(hash);
  }
}

export type ExchangeEnd = 'complete' | 'client left' | 'upstream failed';

export class HttpExchange {
  readonly #observer: Observer;
  readonly #sessions: Sessions;
  readonly #method: string;
  readonly #arrival: Arrival & { readonly header: HeaderReader };
  readonly #request = new Text();
  readonly #calls: RequestKey[] = [];
  readonly #conversation: Conversation;
  #session: string | undefined;
  #status = 0;
  /** Code of a JSON-RPC error that names no request. */
  #code: number | undefined;
  #feed: ((chunk: Buffer) => void) | undefined;
  #finish: (done: () => void) => void = (done) => done();
  #endedAs: ExchangeEnd | undefined;

  constructor(observer: Observer, sessions: Sessions, { method, header }: Head, source: string | undefined) {
    this.#observer = observer;
    this.#sessions = sessions;
    this.#method = method;
    this.#arrival = { source, header };
    const id = header('mcp-session-id');
    if (id && !isModern(undefined, this.#arrival.header)) this.#session = hashSessionId(id);
    this.#conversation =
      this.#session === undefined
        ? new Conversation(observer, { perspective: 'gateway', session: () => this.#session })
        : sessions.get(this.#session);
  }

  requestChunk(chunk: Buffer): void {
    if (this.#method === 'POST') this.#request.push(chunk);
  }

  requestEnded(): void {
    this.#request.end((observed) => {
      if (observed === undefined) return;
      for (const message of messagesOf(observed.message)) {
        const key = typeof message.method === 'string' ? requestKey(message.id) : undefined;
        if (key !== undefined) this.#calls.push(key);
      }
      this.#conversation.fromClient(observed, this.#arrival);
    });
    // A server may refuse by the head alone: what the body asked for is refused as well.
    if (this.#endedAs !== undefined) this.#settle(this.#endedAs);
  }

  responseStarted({ status, header }: Head): void {
    this.#status = status;
    const id = header('mcp-session-id');
    if (id && this.#session === undefined && !isModern(undefined, this.#arrival.header)) {
      this.#session = hashSessionId(id);
      this.#sessions.add(this.#session, this.#conversation);
    }
    const reason = authFailureReason(status, this.#arrival.header, header('www-authenticate'));
    const { source } = this.#arrival;
    if (reason !== undefined && source !== undefined) {
      this.#observer.report({ kind: 'auth_failure', source, reason }, this.#observer.learnedServer);
    }
    this.#read(header);
  }

  responseChunk(chunk: Buffer): void {
    this.#feed?.(chunk);
  }

  ended(how: ExchangeEnd): void {
    this.#finish(() => {
      this.#endedAs = how;
      this.#settle(how);
    });
  }

  #read(header: HeaderReader): void {
    const type = header('content-type') ?? '';
    const onMessage: OnMessage = (observed) => {
      if (observed !== undefined) this.#fromServer(observed);
    };
    let push: (chunk: Buffer) => void;
    let end = () => {};
    if (/^text\/event-stream\b/i.test(type)) {
      const events = new EventStream(onMessage);
      push = (chunk) => events.push(chunk);
    } else if (/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
      const text = new Text();
      push = (chunk) => text.push(chunk);
      end = () => text.end(onMessage);
    } else {
      return;
    }
    const decoder = decoderOf(header('content-encoding'));
    if (decoder === undefined) {
      this.#feed = push;
      this.#finish = (done) => {
        end();
        done();
      };
      return;
    }
    decoder.on('data', push);
    decoder.on('error', () => decoder.destroy());
    this.#feed = (chunk) => void decoder.write(chunk);
    this.#finish = (done) => {
      const decoded = () => {
        end();
        done();
      };
      // It closed by itself if what came is not what the header says.
      if (decoder.closed) return decoded();
      decoder.on('close', decoded);
      decoder.end();
    };
  }

  #fromServer(observed: Observed): void {
    for (const message of messagesOf(observed.message)) {
      if (requestKey(message.id) === undefined) this.#code ??= integerCode(fields(message.error)?.code);
    }
    this.#conversation.fromServer(observed);
  }

  #settle(how: ExchangeEnd): void {
    const conversation = this.#conversation;
    if (this.#status >= 400) {
      const refused = conversation.unanswered(verdictOfStatus(this.#status, this.#code), this.#calls);
      if (this.#status === TOO_MANY_REQUESTS) {
        for (const call of refused) this.#observer.reportRefusal(call, 'rate_limit', 'too many requests');
      }
    } else if (how === 'upstream failed') conversation.unanswered(SERVER_LOST, this.#calls);
    if (this.#session === undefined) {
      conversation.close('exchange over', how === 'complete' ? SERVER_LOST : undefined);
    } else if (this.#status === 404) {
      this.#sessions.close(this.#session, 'session expired');
    } else if (this.#method === 'DELETE' && this.#status >= 200 && this.#status < 300) {
      this.#sessions.close(this.#session, 'session deleted');
    } else if (how === 'client left' && this.#status === 0) {
      // It has seen no event to resume after, and may have made the session up.
      conversation.unanswered(CONNECTION_LOST, this.#calls);
    }
    // Otherwise the answer may still come: a legacy client resumes its stream with another request.
  }
}

/** For upstreams that compress although they are asked not to. */
function decoderOf(encoding: string | undefined) {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}
