/** The front door (port 4318): who may send, what a request may cost, and what it is answered. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import {
  collectorBytesInFlight,
  collectorRejections,
  type RejectionReason,
} from '../catalogue/collector-metrics.ts';
import type { CollectorConfig } from '../config.ts';
import { sourceOf } from '../connections.ts';
import type { Instruments } from '../instruments.ts';
import type { Journal } from '../journal/journal.ts';
import { httpOptions } from '../listen.ts';
import { readBody } from './body.ts';
import { brokenRequests } from './broken-requests.ts';
import { BytesInFlight, type Claim } from './in-flight.ts';
import type { Intake } from './intake.ts';
import { registerNativeEvents } from './native-events.ts';
import { registerOtlp } from './otlp/routes.ts';
import { PlainPosts, type PlainReply, type PlainRequest } from './plain-posts.ts';
import { Refusal, rateLimited, unavailable, unsupported } from './refusal.ts';
import { RefusalLog } from './refusal-log.ts';
import { DoubtfulConnections, refuseExpectations } from './request-head.ts';
import { Normaliser } from './sources/normalise.ts';
import { registerSources } from './sources/routes.ts';
import type { Sender, TokenFile } from './tokens.ts';

export interface IngestParts {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly intake: Intake;
  readonly journal: Journal;
  /** Without it everybody may send, so the server has to listen on loopback. */
  readonly tokens: TokenFile | undefined;
  readonly logger: Logger;
}

/** Takes one request whose body has been read; the returned object is its answer. */
type Handler<Request, Reply> = (
  body: Buffer,
  request: Request,
  reply: Reply,
  claim: Claim,
) => Promise<object>;
export type BodyHandler = Handler<FastifyRequest, FastifyReply>;
/** One that needs so little of the framework that plain requests do without it. */
export type PlainHandler = Handler<PlainRequest, PlainReply>;

/** So much of a body counts as an event against its sender's rate, or a few huge events would cost as little as small ones. */
const BYTES_PER_EVENT = 4_096;

/** What differs between routes: which types of body they take, and how they write why they refuse one. */
export interface Dialect {
  readonly contentTypes: readonly string[];
  refuse(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply;
}

/** Nobody reads the answer to a body that broke off. */
const BROKEN_OFF = 400;

const plain: Dialect = {
  contentTypes: ['application/json', 'application/x-ndjson'],
  refuse: ({ message }, _request, reply) => reply.send({ error: message }),
};

export class IngestServer {
  readonly app: FastifyInstance;
  readonly #parts: IngestParts;
  readonly #inFlight: BytesInFlight;
  readonly #refusals: RefusalLog;
  readonly #dialects = new Map<string, Dialect>();
  readonly #senders = new WeakMap<FastifyRequest, Sender>();
  readonly #doubtful = new DoubtfulConnections();
  readonly #plainPosts: PlainPosts;

  constructor(parts: IngestParts) {
    this.#parts = parts;
    this.#inFlight = new BytesInFlight(parts.config.limits.bytesInFlight);
    this.#refusals = new RefusalLog(parts.logger);
    parts.instruments.beforeScrape(() =>
      parts.instruments.set(collectorBytesInFlight, {}, this.#inFlight.bytes),
    );
    this.app = fastify({
      ...httpOptions(parts.config.limits),
      exposeHeadRoutes: false,
      frameworkErrors: (_error, request, reply) => this.#unknownRoute(request, reply),
      clientErrorHandler: brokenRequests(this.#doubtful, (reason, sentence, socket) =>
        this.#note(reason, sentence, socket),
      ),
    });
    this.app.removeAllContentTypeParsers();
    // Bodies are read by the handler, which holds and releases their bytes.
    this.app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    this.#doubtful.watch(this.app);
    refuseExpectations(this.app);
    this.app.setErrorHandler((error: Error, request, reply) => this.#failed(error, request, reply));
    this.app.setNotFoundHandler((request, reply) => this.#unknownRoute(request, reply));
    this.#plainPosts = new PlainPosts(this.app.server, {
      senderOf: (request) => this.#senderNow(request),
      refuse: (error, request) => this.#refusalOf(error, request),
    });
    const { intake, config } = parts;
    registerNativeEvents(this, intake, config.limits);
    const normaliser = new Normaliser({
      knowsTool: (server, tool) => intake.parts.pipeline.knowsTool(server, tool),
      jsonDepth: config.limits.jsonDepth,
    });
    registerOtlp(this, intake, normaliser, config.limits);
    registerSources(this, intake, normaliser, config.limits);
  }

  /** Adds a route that takes a body by POST from who holds a token. */
  post(path: string, handle: BodyHandler, dialect: Dialect = plain): void {
    this.#dialects.set(path, dialect);
    this.app.post(
      path,
      {
        onRequest: async (request) => {
          this.#authorize(request);
          requireType(request, dialect);
        },
      },
      (request, reply) => {
        if (this.#parts.journal.failing) throw unavailable('journal', 'events cannot be written to disk now');
        return this.#take(request.raw, request, reply, handle, this.#senders.get(request));
      },
    );
  }

  /** The same, and requests that are plain come to `handle` without the framework. */
  postPlain(path: string, handle: PlainHandler): void {
    this.post(path, handle);
    this.#plainPosts.add(path, plain.contentTypes, (request, reply, sender) =>
      this.#take(request, request, reply, handle, sender),
    );
  }

  async #take<Request, Reply>(
    raw: IncomingMessage,
    request: Request,
    reply: Reply,
    handle: Handler<Request, Reply>,
    sender: Sender | undefined,
  ): Promise<object> {
    const claim = this.#inFlight.claim();
    let bytes = 0;
    try {
      const body = await readBody(raw, this.#parts.config.limits, claim);
      bytes = body.length;
      return await handle(body, request, reply, claim);
    } finally {
      claim.release();
      sender?.limit.spend(Math.max(1, claim.events, Math.ceil(bytes / BYTES_PER_EVENT)));
    }
  }

  #authorize(request: FastifyRequest): void {
    const { tokens } = this.#parts;
    if (tokens === undefined) return;
    const { authorization } = request.headers;
    const sender = tokens.senderOf(authorization);
    if (sender !== undefined) {
      const { name, limit } = sender;
      if (limit.waitSeconds > 0) throw rateLimited(name, limit.rate, limit.waitSeconds);
      this.#senders.set(request, sender);
      return;
    }
    throw authorization === undefined
      ? new Refusal(401, 'unauthorized', 'a token is missing: send it as "authorization: Bearer <token>"', {
          'www-authenticate': 'Bearer',
        })
      : new Refusal(401, 'unauthorized', 'the token is not valid: send one that stands in the tokens file', {
          'www-authenticate': 'Bearer error="invalid_token"',
        });
  }

  /** Who sends a plain request; undefined when it has to be refused before its body is read. */
  #senderNow({ headers, socket }: IncomingMessage): Sender | 'anybody' | undefined {
    const { tokens, journal } = this.#parts;
    if (journal.failing || this.#doubtful.has(socket)) return undefined;
    if (tokens === undefined) return 'anybody';
    const sender = tokens.senderOf(headers.authorization);
    return sender === undefined || sender.limit.waitSeconds > 0 ? undefined : sender;
  }

  #unknownRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = pathOf(request);
    const known = [...this.#dialects.keys()].join(' or ');
    const refusal = this.#dialects.has(path)
      ? new Refusal(405, 'not_found', `${path} takes POST only`, { allow: 'POST' })
      : new Refusal(404, 'not_found', `there is nothing here: send events by POST to ${known}`);
    return this.#answer(this.#noted(refusal, request.raw), request, reply);
  }

  #failed(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    // What the framework refuses before a handler sees it: a body that it cannot name, where there is no route.
    if (!(error instanceof Refusal) && request.is404) return this.#unknownRoute(request, reply);
    const refusal = this.#refusalOf(error, request.raw);
    return refusal ? this.#answer(refusal, request, reply) : reply.code(BROKEN_OFF).send();
  }

  /** Why a request is refused, noted and counted; undefined when its sender has left, which is no refusal. */
  #refusalOf(error: Error, request: IncomingMessage): Refusal | undefined {
    if (!(error instanceof Refusal)) {
      this.#parts.logger.error({ error: error.stack }, 'a request failed inside the collector');
      return this.#noted(unavailable('internal', 'the collector failed on this request'), request);
    }
    return request.destroyed && !request.complete ? undefined : this.#noted(error, request);
  }

  #noted(refusal: Refusal, { socket }: IncomingMessage): Refusal {
    this.#note(refusal.reason, refusal.message, socket);
    return refusal;
  }

  #note(reason: RejectionReason, sentence: string, socket: Socket): void {
    this.#parts.instruments.inc(collectorRejections, { reason });
    this.#refusals.note(reason, sourceOf(socket), sentence);
  }

  #answer(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { refuse } = this.#dialects.get(pathOf(request)) ?? plain;
    return refuse(refusal, request, reply.code(refusal.status).headers(refusal.headers));
  }
}

const pathOf = (request: FastifyRequest) => request.raw.url?.split('?', 1)[0] ?? '';

/** Refuses a body of a type that the route does not take; parameters such as a charset do not matter. */
function requireType(request: FastifyRequest, { contentTypes }: Dialect): void {
  const {
    'content-type': given,
    'content-length': length = '0',
    'transfer-encoding': encoding,
  } = request.headers;
  if (given === undefined && length === '0' && encoding === undefined) return;
  const type = given?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!contentTypes.includes(type)) throw unsupported(`content-type must be ${contentTypes.join(' or ')}`);
}
