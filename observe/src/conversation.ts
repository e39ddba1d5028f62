/**
 * Follows one connection, session or HTTP exchange: requests of the client are matched with the answers of the server,
 * and each tool call ends as one event. The wrapper and both proxies feed it; it changes and keeps no message.
 */
import { type Call, endNow } from './call.ts';
import { type Arrival, Caller, callerKey, type Link } from './caller.ts';
import type { CommonFields } from './events.ts';
import { implementation, isModern, metaOf } from './identity.ts';
import { type CallInFlight, FOLLOWED, type InFlight, type OtherInFlight } from './in-flight.ts';
import { type Fields, fields, text } from './json.ts';
import { messagesOf, type Observed, type RequestKey, requestKey } from './json-rpc.ts';
import type { Observer, Sweepable } from './observer.ts';
import {
  CANCELLED,
  CONNECTION_LOST,
  HUNG,
  REFUSED,
  REPLACED,
  type Verdict,
  verdictOfCancellation,
  verdictOfError,
  verdictOfResult,
} from './outcome.ts';

/** A call without answer, cancellation or closing for so long is reported as aborted. */
const HUNG_AFTER_MS = 60 * 60_000;

export class Conversation implements Sweepable {
  readonly #observer: Observer;
  readonly #link: Link;
  readonly #inFlight = new Map<RequestKey, InFlight>();
  readonly #caller: Caller;
  #server: string | undefined;
  /** The session that events were reported for, and what they said of it. */
  #seen: CommonFields | undefined;

  constructor(observer: Observer, link: Link) {
    this.#observer = observer;
    this.#link = link;
    this.#caller = new Caller(link);
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

  /** Ends and returns the calls among `keys` that were not answered. */
  unanswered(verdict: Verdict, keys: Iterable<RequestKey>): Call[] {
    const calls: Call[] = [];
    for (const key of keys) {
      const inFlight = this.#take(key);
      if (inFlight?.method !== 'tools/call') continue;
      this.#observer.reportCall(inFlight.call, endNow(verdict));
      calls.push(inFlight.call);
    }
    return calls;
  }

  /** The connection, session or exchange is over. May be called again. */
  close(reason: string, verdict?: Verdict): void {
    for (const key of [...this.#inFlight.keys()]) {
      const inFlight = this.#inFlight.get(key);
      const gaveUp = inFlight?.method === 'tools/call' && inFlight.call.endsWithExchange;
      this.unanswered(verdict ?? (gaveUp ? CANCELLED : CONNECTION_LOST), [key]);
    }
    if (this.#seen === undefined) return;
    this.#observer.operations.close(this);
    this.#observer.report({ kind: 'session_end', reason, ...this.#seen }, this.#serverName());
    this.#seen = undefined;
    this.#caller.left();
    this.#releaseIfIdle();
  }

  sweep(now: number): void {
    for (const [key, { since }] of this.#inFlight) {
      if (now - since >= HUNG_AFTER_MS) this.unanswered(HUNG, [key]);
    }
  }

  end(): void {
    this.close('process ended');
  }

  #request(key: RequestKey, message: Fields, observed: Observed, arrival: Arrival): void {
    const params = fields(message.params) ?? {};
    const meta = metaOf(params);
    const modern = isModern(meta, arrival.header);
    const common = this.#caller.common(meta, modern, arrival);
    // A client that reuses an id gave up on the request that had it.
    this.unanswered(REPLACED, [key]);
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
      perspective: this.#link.perspective,
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
    const caller = callerKey(arrival);
    const cancel = (reason: unknown) => this.unanswered(verdictOfCancellation(reason), [key]);
    this.#observer.exchangeCalls.add(caller, key, cancel);
    return () => this.#observer.exchangeCalls.delete(caller, key, cancel);
  }

  #cancelled(params: Fields | undefined, arrival: Arrival): void {
    const key = requestKey(params?.requestId);
    if (key === undefined) return;
    if (this.#inFlight.has(key)) this.unanswered(verdictOfCancellation(params?.reason), [key]);
    else if (this.#caller.session(arrival) === undefined) {
      this.#observer.exchangeCalls.cancel(callerKey(arrival), key, params?.reason);
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
    if (result === undefined) {
      const verdict = verdictOfError(error);
      const { message } = fields(error) ?? {};
      this.#observer.reportCall(call, endNow(this.#unmasked(call, verdict), { errorMessage: message }));
      return;
    }
    this.#learnServer(result);
    if (result.resultType === 'input_required') {
      operations.awaitInput(call, result);
      this.#observer.watch();
    } else if ((asksForTask || result.resultType === 'task') && operations.startTask(call, result)) {
      this.#observer.watch();
    } else {
      const verdict = verdictOfResult(result, call.tool);
      this.#observer.reportCall(call, endNow(this.#unmasked(call, verdict), { result, resultBytes }));
    }
  }

  /** Some gateways and servers hide a refusal behind "unknown tool"; for a tool that is listed, that is a denial. */
  #unmasked(call: Call, verdict: Verdict): Verdict {
    if (!verdict.unknownTool || !this.#observer.lists(this.#serverName(), call.tool)) return verdict;
    this.#observer.reportRefusal(call, 'hidden', 'the server calls a tool unknown that it lists');
    return { ...REFUSED, code: verdict.code };
  }

  #initialized({ params, common }: OtherInFlight, result: Fields): void {
    this.#learnServer(result);
    const known = this.#caller.initialized(params.clientInfo, common);
    if (known.session === undefined) return;
    this.#seen = known;
    this.#observer.hold(this);
    this.#observer.report({ kind: 'session_start', ...known }, this.#serverName());
  }

  #learnServer(result: Fields | undefined): void {
    const info = result?.serverInfo ?? fields(result?._meta)?.['io.modelcontextprotocol/serverInfo'];
    const name = implementation(info)?.name;
    if (name !== undefined) this.#server = this.#observer.learnedServer = name;
  }

  #serverName(): string | undefined {
    return this.#link.server ?? this.#server ?? this.#observer.learnedServer;
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
