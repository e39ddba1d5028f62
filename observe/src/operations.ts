/**
 * Calls that go on after their first answer: `input_required` (the client retries with what was asked for) and tasks
 * (the client polls a handle). Each becomes one call, from its first request to its last answer.
 */
import { createHash } from 'node:crypto';
import { type Call, type Ending, endNow } from './call.ts';
import { canonicalJson, type Fields, fields, text } from './json.ts';
import { CANCELLED, verdictOfError, verdictOfResult } from './outcome.ts';

/** Without a sign of life for so long, the call is reported as it stood. */
const ABANDONED_AFTER_MS = 30 * 60_000;
/** After a legacy task says that it ended, its `tasks/result` usually follows and knows more. */
const RESULT_FOLLOWS_WITHIN_MS = 10_000;
const MOST_OPEN = 10_000;

interface Open {
  readonly call: Call;
  /** How it is reported if nothing more comes. */
  ending: Ending;
  seenAt: number;
  ended: boolean;
}

export class Operations {
  readonly #open = new Map<string, Open>();
  readonly #report: (call: Call, ending: Ending) => void;

  constructor(report: (call: Call, ending: Ending) => void) {
    this.#report = report;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The answer to `call` asks the client for input. */
  awaitInput(call: Call, result: Fields): void {
    this.#add(
      inputKey(call, result.requestState, result.inputRequests),
      call,
      endNow({ outcome: 'input_required', fault: 'none' }),
    );
  }

  /** The call that this request goes on with, with the start of the first one; `call` itself when there is none. */
  resumed(call: Call, params: Fields): Call {
    if (params.requestState === undefined && params.inputResponses === undefined) return call;
    const key = inputKey(call, params.requestState, params.inputResponses);
    const earlier = this.#open.get(key);
    if (earlier === undefined) return call;
    this.#open.delete(key);
    return { ...call, startedAt: earlier.call.startedAt };
  }

  /** The answer to `call` is the handle of a task. False when it carries none. */
  startTask(call: Call, result: Fields): boolean {
    const id = text(fields(result.task)?.taskId) ?? text(result.taskId);
    if (id === undefined) return false;
    this.#add(taskKey(id), call, endNow({ outcome: 'task', fault: 'none' }));
    return true;
  }

  /** What `tasks/get`, `tasks/cancel` or a notification says of a task. */
  taskState(state: unknown): void {
    const task = fields(fields(state)?.task) ?? fields(state);
    const id = text(task?.taskId);
    const open = id === undefined ? undefined : this.#open.get(taskKey(id));
    if (id === undefined || task === undefined || open === undefined || open.ended) return;
    open.seenAt = performance.now();
    const result = fields(task.result);
    if (task.status === 'cancelled') {
      this.#settle(id, endNow(CANCELLED));
    } else if (task.status === 'completed') {
      if (result !== undefined) this.taskResult(id, result, undefined);
      else this.#ended(open, endNow({ outcome: 'ok', fault: 'none' }));
    } else if (task.status === 'failed') {
      if (task.error !== undefined) this.taskResult(id, undefined, task.error);
      // Legacy tasks fail when their result says `isError`.
      else this.#ended(open, endNow({ outcome: 'tool_error', fault: 'tool' }));
    }
  }

  /** The final answer of a task; an end seen earlier keeps its time. */
  taskResult(id: string, result: Fields | undefined, error: unknown, resultBytes?: number): void {
    const open = this.#open.get(taskKey(id));
    if (open === undefined) return;
    const verdict = result === undefined ? verdictOfError(error) : verdictOfResult(result, open.call.tool);
    const { at, time } = open.ended ? open.ending : endNow(verdict);
    this.#settle(id, {
      ...verdict,
      at,
      time,
      result,
      resultBytes,
      errorMessage: fields(error)?.message,
    });
  }

  /** Reports what was abandoned. */
  sweep(now: number): void {
    for (const [key, open] of this.#open) {
      const patience = open.ended ? RESULT_FOLLOWS_WITHIN_MS : ABANDONED_AFTER_MS;
      if (now - open.seenAt >= patience) this.#give(key, open);
    }
  }

  /** Reports what depended on a connection that closed; without one, everything. */
  close(owner?: object): void {
    for (const [key, open] of this.#open) {
      if (owner === undefined || open.call.owner === owner) this.#give(key, open);
    }
  }

  #add(key: string, call: Call, ending: Ending): void {
    const rival = this.#open.get(key);
    if (rival !== undefined) {
      // Two calls wait for the same answer: which one it belongs to is a guess, so neither is linked.
      this.#give(key, rival);
      this.#report(call, ending);
      return;
    }
    if (this.#open.size >= MOST_OPEN) {
      const [oldest] = this.#open;
      if (oldest !== undefined) this.#give(...oldest);
    }
    this.#open.set(key, { call, ending, seenAt: ending.at, ended: false });
  }

  #ended(open: Open, ending: Ending): void {
    open.ended = true;
    open.ending = ending;
    open.seenAt = ending.at;
  }

  #settle(id: string, ending: Ending): void {
    const key = taskKey(id);
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    this.#report(open.call, ending);
  }

  #give(key: string, open: Open): void {
    this.#open.delete(key);
    this.#report(open.call, open.ending);
  }
}

const taskKey = (id: string) => `task ${id}`;

/** The state echoed by the client, else what was asked, both for one caller's call of one tool with the same arguments. */
function inputKey(call: Call, requestState: unknown, inputs: unknown): string {
  const echo =
    typeof requestState === 'string'
      ? ['state', requestState]
      : ['keys', ...Object.keys(fields(inputs) ?? {}).sort()];
  const scope = [
    call.tool,
    call.client?.name,
    call.user,
    call.source,
    call.session?.id,
    canonicalJson(call.arguments),
  ];
  return `input ${createHash('sha256')
    .update(JSON.stringify([scope, echo]))
    .digest('hex')}`;
}
