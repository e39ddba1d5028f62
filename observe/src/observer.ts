/** What the conversations of one process with one collector share. */
import { randomBytes } from 'node:crypto';
import { type Call, type Ending, toolCallFields } from './call.ts';
import type { EventFields, LookoutEvent } from './events.ts';
import { ExchangeCalls } from './exchange-calls.ts';
import { Exporter } from './exporter.ts';
import { Operations } from './operations.ts';
import { registry } from './registry.ts';
import { type ObserveOptions, resolveSettings, type Settings } from './settings.ts';
import { ToolLists } from './tool-lists.ts';

/** A connection, session or exchange. */
export interface Sweepable {
  /** Reports calls that were in flight for too long. */
  sweep(now: number): void;
  /** The process ends: nothing in flight will be answered. */
  end(): void;
}

const SWEEP_EVERY_MS = 5_000;
const FLUSH_WITHIN_MS = 2_000;
const MOST_IN_FLIGHT = 10_000;
/** Sessions whose transport was dropped without closing it would otherwise stay for ever. */
const MOST_LIVE = 20_000;

export class Observer {
  readonly settings: Settings;
  readonly exporter: Exporter;
  readonly operations = new Operations((call, ending) => this.reportCall(call, ending));
  readonly exchangeCalls = new ExchangeCalls();
  /** The name a server last gave itself, for exchanges that do not repeat it. */
  learnedServer: string | undefined;
  readonly #toolLists = new ToolLists();
  readonly #fallbackServer: string;
  readonly #live = new Set<Sweepable>();
  readonly #idPrefix = randomBytes(12).toString('hex');
  #sequence = 0;
  #inFlight = 0;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(settings: Settings, fallbackServer = 'mcp-server') {
    this.settings = settings;
    this.exporter = new Exporter(settings);
    this.#fallbackServer = fallbackServer;
  }

  report(fields: EventFields, server: string | undefined, time = Date.now()): void {
    this.exporter.add(() => this.#event(fields, server, time));
  }

  reportCall(call: Call, ending: Ending): void {
    this.exporter.add(() =>
      this.#event(toolCallFields(call, ending, this.settings.payloads), call.server, ending.time),
    );
  }

  /** A call was refused by a rule, not for what it asked. */
  reportRefusal(
    { tool, client, user, session, trace_id, source, server }: Call,
    policy: string,
    reason: string,
  ): void {
    const common = { client, user, session, trace_id, source };
    this.report({ kind: 'policy_decision', tool, decision: 'deny', policy, reason, ...common }, server);
  }

  /** Whether the server lists the tool, as far as it was heard. */
  lists(server: string | undefined, tool: string): boolean {
    return this.#toolLists.has(server, tool);
  }

  /** One answer to `tools/list`; hashing it waits until the answer is on its way. */
  reportTools(
    cursor: string | undefined,
    result: Readonly<Record<string, unknown>>,
    common: Omit<EventFields & { kind: 'tool_list' }, 'kind' | 'tools'>,
    server: string | undefined,
  ): void {
    const time = Date.now();
    this.exporter.add(() => {
      const caller = [common.client?.name, common.user];
      const tools = this.#toolLists.page(server, caller, cursor, result);
      return tools && this.#event({ kind: 'tool_list', tools, ...common }, server, time);
    });
  }

  /** Takes note of a request in flight. False when there are too many to follow one more. */
  begin(owner: Sweepable): boolean {
    if (this.#inFlight >= MOST_IN_FLIGHT) {
      this.exporter.stats.unobserved += 1;
      return false;
    }
    this.#inFlight += 1;
    this.hold(owner);
    return true;
  }

  settled(): void {
    this.#inFlight -= 1;
  }

  /** Keeps what has a request in flight or an open session, until it is released. */
  hold(owner: Sweepable): void {
    this.#live.add(owner);
    if (this.#live.size > MOST_LIVE) this.#live.delete(this.#live.values().next().value as Sweepable);
    this.watch();
  }

  release(owner: Sweepable): void {
    this.#live.delete(owner);
  }

  /** Sweeps while there is something that could be abandoned. */
  watch(): void {
    if (this.#sweeper !== undefined) return;
    this.#sweeper = setInterval(() => {
      const now = performance.now();
      for (const conversation of this.#live) conversation.sweep(now);
      this.operations.sweep(now);
      if (this.#live.size > 0 || this.operations.size > 0) return;
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }, SWEEP_EVERY_MS);
    this.#sweeper.unref();
  }

  /** Reports what is still open and sends everything, or gives up at the deadline. */
  async end(deadlineMs = FLUSH_WITHIN_MS): Promise<void> {
    for (const conversation of [...this.#live]) conversation.end();
    this.operations.close();
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    await this.exporter.flush(deadlineMs);
  }

  #event(fields: EventFields, server: string | undefined, time: number): LookoutEvent {
    const { session } = fields;
    this.#sequence += 1;
    return {
      id: `${this.#idPrefix}-${this.#sequence.toString(36)}`,
      time: new Date(time).toISOString(),
      server: this.settings.server ?? server ?? this.#fallbackServer,
      environment: this.settings.environment,
      ...fields,
      ...(session && { session: { id: session.id, type: this.settings.sessionType } }),
    };
  }
}

/** The process's observer for these options. Bad options disable it with a warning: a server must not fail for them. */
export function observerFor(options: ObserveOptions): Observer | undefined {
  const { payloads } = options;
  const redact = typeof payloads === 'function' ? payloads : undefined;
  const key = JSON.stringify({ ...options, payloads: redact === undefined && payloads });
  const known = registry.observers.find((one) => one.key === key && one.redact === redact);
  if (known !== undefined) return known.observer;
  try {
    const observer = new Observer(resolveSettings(options));
    registry.observers.push({ key, redact, observer });
    endWithProcess();
    return observer;
  } catch (error) {
    process.emitWarning(`${(error as Error).message}. Nothing is observed.`, 'McpLookoutWarning');
    return undefined;
  }
}

/** One listener for all: a process warns when it gets more than ten. */
function endWithProcess(): void {
  if (registry.endsWithProcess) return;
  registry.endsWithProcess = true;
  // Flushing makes the event loop run again, after which this would fire again.
  process.once('beforeExit', () => {
    for (const { observer } of registry.observers) void observer.end();
  });
}
