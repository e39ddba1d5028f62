/** What passes on one client's connection, request by request: which exchange a piece belongs to, and how each ends. */
import { plainAddress } from './auth-failure.ts';
import { pathOfTarget, plainPath } from './endpoint-path.ts';
import { type ExchangeEnd, HttpExchange, type Sessions } from './http-exchange.ts';
import { framingOfRequest, framingOfResponse, replaceHeaders } from './http-head.ts';
import { HttpWire } from './http-wire.ts';
import { text } from './json.ts';
import type { Observer } from './observer.ts';

export interface SharedByConnections {
  readonly observer: Observer;
  readonly sessions: Sessions;
  /** The MCP endpoint; other paths pass unseen. */
  readonly path: string;
  /** Values that take the place of a request's own, by lower-case header name. */
  readonly rewritten: ReadonlyMap<string, string>;
}

/** A request that is not answered yet; without an exchange when it is none of MCP. */
interface Waiting {
  readonly method: string;
  exchange: HttpExchange | undefined;
}

const SWITCHING_PROTOCOLS = 101;

export class HttpConnection {
  readonly #shared: SharedByConnections;
  readonly #source: string | undefined;
  readonly #waiting: Waiting[] = [];
  /** What to look at once the bytes are on their way. */
  #unseen: (() => void)[] = [];
  #interim = false;
  #endsAs: ExchangeEnd | undefined;
  readonly #requests: HttpWire;
  readonly #responses: HttpWire;

  constructor(shared: SharedByConnections, address: string | undefined) {
    this.#shared = shared;
    this.#source = text(plainAddress(address));
    this.#requests = this.#followRequests();
    this.#responses = this.#followResponses();
  }

  get hasRequest(): boolean {
    return this.#waiting.length > 0;
  }

  /** Returns what to send to the server for a piece from the client. */
  fromClient(chunk: Buffer): Buffer {
    return this.#requests.push(chunk);
  }

  /** Looks at what came from the client. */
  look(): void {
    const unseen = this.#unseen;
    this.#unseen = [];
    for (const look of unseen) this.#quietly(look);
  }

  fromServer(chunk: Buffer): void {
    this.#quietly(() => this.#responses.push(chunk));
  }

  /** The client sends no more: if its requests stay without an answer, that is its own doing. */
  clientEnded(): void {
    this.#endsAs ??= 'client left';
  }

  /** The server sends no more. */
  serverEnded(): void {
    this.#quietly(() => this.#responses.close());
    this.over();
  }

  /** Nothing more will pass; may be called again. */
  over(): void {
    this.look();
    const how = this.#endsAs ?? 'upstream failed';
    for (const { exchange } of this.#waiting.splice(0)) this.#quietly(() => exchange?.ended(how));
  }

  #followRequests(): HttpWire {
    const { observer, sessions, path, rewritten } = this.#shared;
    let current: Waiting | undefined;
    return new HttpWire({
      head: (head) => {
        const request: Waiting = { method: head.method, exchange: undefined };
        current = request;
        this.#waiting.push(request);
        if (isEndpoint(head.target, path)) {
          this.#unseen.push(() => {
            request.exchange = new HttpExchange(observer, sessions, head, this.#source);
          });
        }
        return framingOfRequest(head);
      },
      body: (part) => {
        const request = current;
        this.#unseen.push(() => request?.exchange?.requestChunk(part));
      },
      end: () => {
        const request = current;
        this.#unseen.push(() => request?.exchange?.requestEnded());
      },
      lost: () => this.#lost(),
      rewrite: (head) => replaceHeaders(head, rewritten),
    });
  }

  #followResponses(): HttpWire {
    return new HttpWire({
      head: (head) => {
        const [request] = this.#waiting;
        if (head.status === SWITCHING_PROTOCOLS) this.#requests.stop();
        if (request === undefined || head.status === SWITCHING_PROTOCOLS) return undefined;
        this.#interim = head.status < 200;
        if (!this.#interim) request.exchange?.responseStarted(head);
        return framingOfResponse(head, request.method);
      },
      body: (part) => this.#waiting[0]?.exchange?.responseChunk(part),
      end: () => {
        if (!this.#interim) this.#waiting.shift()?.exchange?.ended('complete');
      },
      lost: () => this.#lost(),
      rewrite: (head) => head,
    });
  }

  #lost(): void {
    this.#shared.observer.exporter.stats.unobserved += 1;
  }

  #quietly(look: () => void): void {
    try {
      look();
    } catch {
      this.#shared.observer.exporter.stats.unobserved += 1;
    }
  }
}

/** Whether a request's target is the endpoint in any spelling that a router may take for it. */
function isEndpoint(target: string, path: string): boolean {
  const own = pathOfTarget(target);
  return own === path || plainPath(own) === plainPath(path);
}
