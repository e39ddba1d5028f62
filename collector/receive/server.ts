/** The front door (port 4318): who may send, what a request may cost, and what it is answered. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { collectorBytesInFlight, collectorRejections } from '../catalogue/collector-metrics.ts';
import type { CollectorConfig } from '../config.ts';
import { sourceOf } from '../connections.ts';
import type { Instruments } from '../instruments.ts';
import type { Journal } from '../journal/journal.ts';
import { httpOptions } from '../listen.ts';
import { readBody } from './body.ts';
import { BytesInFlight, type Claim } from './in-flight.ts';
import type { Intake } from './intake.ts';
import { registerNativeEvents } from './native-events.ts';
import { registerOtlp } from './otlp/routes.ts';
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
export type BodyHandler = (
  body: Buffer,
  request: FastifyRequest,
  reply: FastifyReply,
  claim: Claim,
) => Promise<object>;

/** So much of a body counts as an event against its sender's rate, or a few huge events would cost as little as small ones. */
const BYTES_PER_EVENT = 4_096;

/** What differs between routes: which types of body they take, and how they write why they refuse one. */
export interface Dialect {
  readonly contentTypes: readonly string[];
  refuse(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply;
}

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
      clientErrorHandler: (error, socket) => this.#brokenRequest(error, socket),
    });
    this.app.removeAllContentTypeParsers();
    // Bodies are read by the handler, which holds and releases their bytes.
    this.app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    this.#doubtful.watch(this.app);
    refuseExpectations(this.app);
    this.app.setErrorHandler((error: Error, request, reply) => this.#failed(error, request, reply));
    this.app.setNotFoundHandler((request, reply) => this.#unknownRoute(request, reply));
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
      async (request, reply) => {
        if (this.#parts.journal.failing) throw unavailable('journal', 'events cannot be written to disk now');
        const claim = this.#inFlight.claim();
        let bytes = 0;
        try {
          const body = await readBody(request.raw, this.#parts.config.limits, claim);
          bytes = body.length;
          return await handle(body, request, reply, claim);
        } finally {
          claim.release();
          const cost = Math.max(1, claim.events, Math.ceil(bytes / BYTES_PER_EVENT));
          this.#senders.get(request)?.limit.spend(cost);
        }
      },
    );
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

  #unknownRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = pathOf(request);
    const known = [...this.#dialects.keys()].join(' or ');
    const refusal = this.#dialects.has(path)
      ? new Refusal(405, 'not_found', `${path} takes POST only`, { allow: 'POST' })
      : new Refusal(404, 'not_found', `there is nothing here: send events by POST to ${known}`);
    return this.#refuse(refusal, request, reply);
  }

  #failed(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (!(error instanceof Refusal)) {
      // What the framework refuses before a handler sees it: a body that it cannot name, where there is no route.
      if (request.is404) return this.#unknownRoute(request, reply);
      this.#parts.logger.error({ error: error.stack }, 'a request failed inside the collector');
      return this.#refuse(unavailable('internal', 'the collector failed on this request'), request, reply);
    }
    // Nobody reads the answer to a body that broke off, and its sender has not been refused.
    if (request.raw.destroyed && !request.raw.complete) return reply.code(error.status).send();
    return this.#refuse(error, request, reply);
  }

  #refuse(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, reason, headers } = refusal;
    this.#parts.instruments.inc(collectorRejections, { reason });
    this.#refusals.note(reason, sourceOf(request.socket), refusal.message);
    const { refuse } = this.#dialects.get(pathOf(request)) ?? plain;
    return refuse(refusal, request, reply.code(status).headers(headers));
  }

  /** Answers what is no HTTP request, or came too slowly to become one. */
  #brokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    // A load balancer's probe or a spare connection: nobody has asked for anything.
    if (socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    const answering = answerUnderWay(socket);
    if (this.#doubtful.has(socket)) {
      // What broke here is part of what has been refused already.
      if (answering === undefined) socket.destroySoon();
      return;
    }
    const { status, reason, sentence } = faultOfRequest(error.code);
    this.#parts.instruments.inc(collectorRejections, { reason });
    this.#refusals.note(reason, sourceOf(socket), sentence);
    if (answering?.req.complete) {
      // It is whole; what broke came behind it. Its sender must not take this answer for that to its sound request.
      answering.once('finish', () => socket.destroySoon());
      return;
    }
    const body = JSON.stringify({ error: sentence });
    const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    if (socket.writable) socket.write(`${head}\r\nconnection: close\r\n\r\n${body}`);
    socket.destroySoon();
  }
}

/** Node keeps it there, and offers no other way to tell what a broken request came behind. */
const answerUnderWay = (socket: Socket) =>
  (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;

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

function faultOfRequest(code: string | undefined) {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return {
      status: '408 Request Timeout',
      reason: 'timeout',
      sentence: 'the request took too long to arrive: send it faster or in parts',
    } as const;
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: '431 Request Header Fields Too Large',
      reason: 'too_large',
      sentence: 'the headers are too large: send fewer',
    } as const;
  return {
    status: '400 Bad Request',
    reason: 'malformed',
    sentence: 'this is not a valid HTTP request: send HTTP/1.1',
  } as const;
}
