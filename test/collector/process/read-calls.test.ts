import { expect, test } from 'vitest';
import type { EventOf, McpEvent } from '../../../collector/catalogue/events.ts';
import type { Position } from '../../../collector/journal/segment.ts';
import { Arrivals } from '../../../collector/receive/arrivals.ts';
import type { CallColumns } from '../../../collector/receive/calls/call-columns.ts';
import { CallReader } from '../../../collector/receive/calls/call-reader.ts';
import { QuickEvents } from '../../../collector/receive/calls/quick-events.ts';
import { SeenIds } from '../../../collector/receive/dedupe.ts';
import { SessionHash } from '../../../collector/receive/privacy.ts';
import { Settings } from '../../../collector/receive/settings.ts';
import { parseTime } from '../../../collector/receive/times.ts';
import { type Random, random } from '../../../run/replay/random.ts';
import { Lookout } from './lookout.ts';

const SEED = 20_261_121;
const BODIES = 3_000;
const IDLE_SECONDS = 60;

const options = {
  sessionIdleSeconds: IDLE_SECONDS,
  limits: { sessions: 30, toolsPerSession: 6 },
  servers: {
    files: { owner: 'storage', environment: 'test', clients: ['desk'], tools: ['read', 'write'] },
  },
};
const hash = new SessionHash(Buffer.alloc(32, 7));

/** Processes bodies in one of two ways. */
class Way {
  readonly mcp = new Lookout(options as object);
  readonly #settings = new Settings(hash);
  readonly #ids = new SeenIds(1, Buffer.alloc(8, 7));
  readonly #arrivals = new Arrivals(this.#ids);
  readonly #quick = new QuickEvents(new CallReader(this.#settings, () => true));
  read = 0;

  parsed(body: Buffer, position: Position): void {
    this.#arrivals.begin(this.mcp.nowMs, 'native');
    for (const event of JSON.parse(body.toString())) this.#add(event);
    this.#process(position);
  }

  readQuickly(body: Buffer, position: Position): void {
    this.#arrivals.begin(this.mcp.nowMs, 'native');
    const visitor = {
      event: (event: unknown) => this.#add(event as McpEvent),
      readCall: (calls: CallColumns, row: number) => {
        this.read++;
        this.#arrivals.addCall(calls, row);
      },
    };
    if (!this.#quick.visit(body, 1, body.length - 1, 100, visitor)) this.parsed(body, position);
    else this.#process(position);
  }

  /** All that it has come to know. */
  async state(): Promise<unknown> {
    const { mcp } = this;
    const { parts } = mcp.pipeline.save();
    return {
      open: mcp.pipeline.sessions.open,
      ended: mcp.pipeline.sessions.ended,
      // The last of what it says is of the process.
      metrics: (await mcp.settled()).split('# HELP process_')[0],
      parts: JSON.parse(JSON.stringify(parts)),
    };
  }

  #add(event: McpEvent): void {
    this.#settings.of(event);
    this.#ids.hash(event.id);
    this.#arrivals.add(event, parseTime(event.time)!, undefined);
  }

  #process(position: Position): void {
    const arrivals = this.#arrivals;
    const from = { receivedMs: arrivals.receivedMs, sourceKind: arrivals.sourceKind, position };
    arrivals.record();
    for (let i = 0; i < arrivals.length; i++) {
      if (arrivals.isCall(i)) this.mcp.pipeline.processCall(arrivals.calls, i, from);
      else this.mcp.pipeline.process(arrivals.accepted(i, position));
    }
  }
}

let sent = 0;

function event({ chance, pick, between }: Random, nowMs: number): object {
  const session = { id: `session-${Math.floor(between(0, 50))}` };
  const agoMs = chance(0.1) ? between(0, 3 * IDLE_SECONDS * 1_000) : between(0, 500);
  const common = {
    id: `event-${++sent}`,
    time: new Date(nowMs - agoMs).toISOString(),
    server: pick(['files', 'mail', 'web']),
    ...(chance(0.9) ? { session: chance(0.1) ? { ...session, origin: 'inferred' } : session } : {}),
    ...(chance(0.7) ? { client: { name: pick(['desk', 'phone']) } } : {}),
    ...(chance(0.5) ? { user: pick(['ada', 'grace']) } : {}),
    ...(chance(0.5) ? { trace_id: `trace-${Math.floor(sent / 3)}` } : {}),
  };
  if (chance(0.03)) return { kind: 'session_end', ...common };
  const outcome = pick(['ok', 'ok', 'ok', 'tool_error', 'protocol_error', 'denied', 'task'] as const);
  const call: Omit<EventOf<'tool_call'>, 'kind' | keyof typeof common> & { perspective?: string } = {
    tool: chance(0.9) ? pick(['read', 'write', 'send', 'list']) : `invented-${Math.floor(between(0, 100))}`,
    outcome: chance(0.9) ? outcome : 'ok',
    ...(chance(0.05) ? { perspective: 'gateway' } : {}),
    ...(chance(0.7) ? { duration_ms: Math.floor(between(0, 5_000)) } : {}),
    ...(chance(0.7) ? { request_bytes: Math.floor(between(0, 5_000)) } : {}),
    ...(chance(0.7) ? { response_bytes: Math.floor(between(0, 5_000)) } : {}),
    ...(chance(0.03) ? { arguments: { path: '/tmp' } } : {}),
  };
  return { kind: 'tool_call', ...common, ...call };
}

test(`calls that are read and calls that are parsed come to the same, in ${BODIES} requests made of seed ${SEED}`, async () => {
  const chance = random(SEED, 'read calls');
  const [parsed, read] = [new Way(), new Way()];
  for (let n = 0; n < BODIES; n++) {
    const { nowMs } = parsed.mcp;
    const events = Array.from({ length: Math.floor(chance.between(1, 8)) }, () => event(chance, nowMs));
    const body = Buffer.from(JSON.stringify(events));
    const position = { segment: 1 + Math.floor(n / 1_000), offset: n * 5_000 };
    parsed.parsed(body, position);
    read.readQuickly(body, position);
    const seconds = chance.chance(0.02) ? 2 * IDLE_SECONDS : chance.between(0, 2);
    for (const { mcp } of [parsed, read]) {
      mcp.pass(seconds);
      mcp.pipeline.tick();
    }
    if (n % 500 === 499) expect(await read.state()).toEqual(await parsed.state());
  }
  console.log(JSON.stringify({ events: sent, read: read.read }));
  expect(read.read).toBeGreaterThan(sent / 4);
});
