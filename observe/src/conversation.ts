/**
 * Follows one connection, session or HTTP exchange: requests of the client are matched with the answers of the server,
 * and each tool call ends as one event. The wrapper and both proxies feed it; it changes and keeps no message.
 */
import { randomUUID } from 'node:crypto';
import { type Call, type Ending, endNow } from './call.ts';
import type { ClientIdentity, CommonFields } from './events.ts';
import {
  clientOfMeta,
  clientOfUserAgent,
  type HeaderReader,
  implementation,
  isModern,
  metaOf,
  traceIdOf,
} from './identity.ts';
import { type Fields, fields, text } from './json.ts';
import { messagesOf, type Observed, type RequestKey, requestKey } from './json-rpc.ts';
import type { Observer, Sweepable } from './observer.ts';
import { type Verdict, verdictOfCancellation, verdictOfError, verdictOfResult } from './outcome.ts';

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
  /** Hash of `Mcp-Session-Id`, once there is one. */
  readonly session: () => string | undefined;
}

interface CallInFlight {
  readonly method: 'tools/call';
  readonly call: Call;
  readonly asksForTask: boolean;
  /** Undoes the registration for cancellations that arrive elsewhere. */
  readonly forget: (() => void) | undefined;
}
interface OtherInFlight {
  readonly method:
    | 'initialize'
    | 'tools/list'
    | 'tasks/get'
    | 'tasks/result'
    | 'tasks/cancel'
    | 'server/discover';
  readonly params: Fields;
  readonly common: CommonFields;
}
type InFlight = (CallInFlight | OtherInFlight) & { readonly since: number };

const FOLLOWED = new Set([
  'tools/call',
  'initialize',
  'tools/list',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
  'server/discover',
]);

/** A call without answer, cancellation or closing for so long is reported as aborted. */
const HUNG_AFTER_MS = 60 * 60_000;
const UNANSWERED: Verdict = { outcome: 'aborted', fault: 'transport' };
const GAVE_UP: Verdict = { outcome: 'cancelled', fault: 'none' };

export class Conversation implements Sweepable {
  readonly #observer: Observer;
  readonly #link: Link;
  readonly #inFlight = new Map<RequestKey, InFlight>();
  #client: ClientIdentity | undefined;
  #server: string | undefined;
  #connectionId: string | undefined;
  /** The session that events were reported for, and what they said of it. */
  #seen: CommonFields | undefined;

  constructor(observer: Observer, link: Link) {
    this.#observer = observer;
    this.#link = link;
  }

  /** Calls that wait for an answer. */
  get callsInFlight(): number {
    return this.#inFlight.size;
  }

  fromClient(observed: Observed, arrival: Arrival): void {
    for (const message of messagesOf(observed.message)) {
      if (typeof message.method !== 'string') continue;
      const key = requestKey(message.id);
      if (key !== undefined) {
        if (FOLLOWED.has(message.method)) this.#request(key, message, observed, arrival);
      } else if (message.method === 'notifications/cancelled') {
        this.#cancelled(fields(message.params), arrival);
      }
    }
  }

  fromServer(observed: Observed): void {
    for (const message of messagesOf(observed.message)) {
      if (message.method === 'notifications/tasks/status' || message.method === 'notifications/tasks') {
        this.#observer.operations.taskState(message.params);
      }
      if (message.method !== undefined) continue;
      const key = requestKey(message.id);
      const inFlight = key && this.#take(key);
      if (inFlight) this.#answered(inFlight, message, observed.resultBytes);
    }
  }

  /** Ends the calls among `keys` that were not answered, or all of them. */
  unanswered(verdict: Verdict, keys: Iterable<RequestKey> = [...this.#inFlight.keys()]): void {
    for (const key of keys) {
      const inFlight = this.#take(key);
      if (inFlight?.method === 'tools/call') this.#observer.reportCall(inFlight.call, endNow(verdict));
    }
  }

  /** The connection, session or exchange is over. May be called again. */
  close(reason: string, verdict?: Verdict): void {
    for (const key of [...this.#inFlight.keys()]) {
      const inFlight = this.#inFlight.get(key);
      const gaveUp = inFlight?.method === 'tools/call' && inFlight.call.endsWithExchange;
      this.unanswered(verdict ?? (gaveUp ? GAVE_UP : UNANSWERED), [key]);
    }
    if (this.#seen === undefined) return;
    this.#observer.operations.close(this);
    this.#observer.report({ kind: 'session_end', reason, ...this.#seen }, this.#serverName());
    this.#seen = undefined;
    this.#connectionId = undefined;
    this.#releaseIfIdle();
  }

  sweep(now: number): void {
    for (const [key, { since }] of this.#inFlight) {
      if (now - since >= HUNG_AFTER_MS) this.unanswered({ outcome: 'aborted', fault: 'unknown' }, [key]);
    }
  }

  end(): void {
    this.close('process ended');
  }

  #request(key: RequestKey, message: Fields, observed: Observed, arrival: Arrival): void {
    const params = fields(message.params) ?? {};
    const meta = metaOf(params);
    const modern = isModern(meta, arrival.header);
    const common = this.#common(meta, modern, arrival);
    // A client that reuses an id gave up on the request that had it.
    this.unanswered({ outcome: 'aborted', fault: 'caller' }, [key]);
    const since = performance.now();
    if (message.method !== 'tools/call') {
      if (!this.#observer.begin(this)) return;
      const method = message.method as OtherInFlight['method'];
      this.#inFlight.set(key, { method, params, common, since });
      return;
    }
    const tool = text(params.name);
    if (tool === undefined || !this.#observer.begin(this)) return;
    if (common.session !== undefined) this.#seen = common;
    const started: Call = {
      ...common,
      tool,
      server: this.#serverName(),
      arguments: params.arguments,
      argumentBytes: observed.argumentBytes,
      startedAt: since,
      endsWithExchange: modern && arrival.header !== undefined,
      owner: common.session && this,
    };
    const call = this.#observer.operations.resumed(started, params);
    const stateless = !modern && common.session === undefined;
    const asksForTask = params.task !== undefined;
    this.#inFlight.set(key, {
      method: 'tools/call',
      call,
      asksForTask,
      forget: stateless ? this.#expectCancellation(key, arrival) : undefined,
      since,
    });
  }

  #expectCancellation(key: RequestKey, arrival: Arrival): () => void {
    const caller = callerOf(arrival);
    const cancel = (reason: unknown) => this.unanswered(verdictOfCancellation(reason), [key]);
    this.#observer.exchangeCalls.add(caller, key, cancel);
    return () => this.#observer.exchangeCalls.delete(caller, key, cancel);
  }

  #cancelled(params: Fields | undefined, arrival: Arrival): void {
    const key = requestKey(params?.requestId);
    if (key === undefined) return;
    if (this.#inFlight.has(key)) this.unanswered(verdictOfCancellation(params?.reason), [key]);
    else if (this.#session(arrival) === undefined) {
      this.#observer.exchangeCalls.cancel(callerOf(arrival), key, params?.reason);
    }
  }

  #answered(inFlight: InFlight, message: Fields, resultBytes: number | undefined): void {
    const result = fields(message.result);
    const { operations } = this.#observer;
    switch (inFlight.method) {
      case 'tools/call':
        this.#callAnswered(inFlight, result, message.error, resultBytes);
        break;
      case 'initialize':
        if (result !== undefined) this.#initialized(inFlight, result);
        break;
      case 'server/discover':
        this.#learnServer(result);
        break;
      case 'tools/list':
        this.#learnServer(result);
        if (result !== undefined) {
          const cursor = text(inFlight.params.cursor, 4_096);
          this.#observer.reportTools(cursor, result, inFlight.common, this.#serverName());
        }
        break;
      case 'tasks/get':
      case 'tasks/cancel':
        operations.taskState(result);
        break;
      case 'tasks/result': {
        const id = text(inFlight.params.taskId);
        if (id !== undefined) operations.taskResult(id, result, message.error, resultBytes);
      }
    }
  }

  #callAnswered(
    { call, asksForTask }: CallInFlight,
    result: Fields | undefined,
    error: unknown,
    resultBytes: number | undefined,
  ): void {
    const { operations } = this.#observer;
    let ending: Ending;
    if (result === undefined) {
      ending = endNow(verdictOfError(error), { errorMessage: fields(error)?.message });
    } else {
      this.#learnServer(result);
      if (result.resultType === 'input_required') {
        operations.awaitInput(call, result);
        this.#observer.watch();
        return;
      }
      if ((asksForTask || result.resultType === 'task') && operations.startTask(call, result)) {
        this.#observer.watch();
        return;
      }
      ending = endNow(verdictOfResult(result, call.tool), { result, resultBytes });
    }
    this.#observer.reportCall(call, ending);
  }

  #initialized({ params, common }: OtherInFlight, result: Fields): void {
    this.#client = implementation(params.clientInfo) ?? this.#client;
    this.#learnServer(result);
    // The header that names the session comes with the answer.
    const session = common.session ?? this.#sessionWithId();
    if (session === undefined) return;
    this.#seen = { ...common, client: this.#client, session };
    this.#observer.hold(this);
    this.#observer.report({ kind: 'session_start', ...this.#seen }, this.#serverName());
  }

  #learnServer(result: Fields | undefined): void {
    const info = result?.serverInfo ?? fields(result?._meta)?.['io.modelcontextprotocol/serverInfo'];
    const name = implementation(info)?.name;
    if (name !== undefined) this.#server = this.#observer.learnedServer = name;
  }

  #serverName(): string | undefined {
    return this.#link.server ?? this.#server;
  }

  #common(meta: Fields | undefined, modern: boolean, arrival: Arrival): CommonFields {
    const stated = clientOfMeta(meta) ?? this.#client;
    return {
      client: stated ?? clientOfUserAgent(arrival.header?.('user-agent')),
      user: arrival.user,
      session: modern ? undefined : this.#session(arrival),
      trace_id: traceIdOf(meta),
      source: arrival.source,
    };
  }

  #session(arrival: Arrival): { readonly id: string } | undefined {
    const withId = this.#sessionWithId();
    if (withId !== undefined || arrival.header !== undefined) return withId;
    this.#connectionId ??= randomUUID();
    return { id: this.#connectionId };
  }

  #sessionWithId(): { readonly id: string } | undefined {
    const id = this.#link.session();
    return id === undefined ? undefined : { id };
  }

  #releaseIfIdle(): void {
    if (this.#inFlight.size === 0 && this.#seen === undefined) this.#observer.release(this);
  }

  #take(key: RequestKey): InFlight | undefined {
    const inFlight = this.#inFlight.get(key);
    if (inFlight === undefined) return undefined;
    this.#inFlight.delete(key);
    if (inFlight.method === 'tools/call') inFlight.forget?.();
    this.#observer.settled();
    this.#releaseIfIdle();
    return inFlight;
  }
}

/** What tells two callers apart that share nothing but request numbers. */
function callerOf({ header, user, source }: Arrival): string {
  return JSON.stringify([source, user, header?.('user-agent')]);
}
