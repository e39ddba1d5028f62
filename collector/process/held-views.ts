/** Views that wait for a better one of the same call, with what they carry as long as there is room for it. */
import Type, { type Static } from 'typebox';
import { collectorEvictions } from '../catalogue/collector-metrics.ts';
import type { McpEvent } from '../catalogue/events.ts';
import type { Instruments } from '../instruments.ts';
import { countValues } from '../receive/json-bounds.ts';
import { withoutPayload } from '../receive/privacy.ts';
import type { AcceptedEvent } from './pipeline.ts';

/** Exporters send spans in batches, 5 s apart by default; twice that leaves time for the way. */
export const HOLD_MS = 10_000;
const HELD_VIEWS = 20_000;
/** Memory for what held views carry; detectors see nothing of those that were let go of. */
const PAYLOAD_BYTES = 16 * 1024 * 1024;
/** Memory of one value of a payload beside its text, about. */
const VALUE_BYTES = 64;

export const savedHeld = Type.Array(
  Type.Object({
    accepted: Type.Unsafe<AcceptedEvent>(Type.Object({ event: Type.Object({}), receivedMs: Type.Number() })),
  }),
);

const none: readonly AcceptedEvent[] = [];

interface HeldView {
  accepted: AcceptedEvent;
  dueMs: number;
  /** What its payload takes. */
  payloadBytes: number;
}

export class HeldViews {
  readonly #instruments: Instruments;
  /** In the order in which they came. */
  #held: HeldView[] = [];
  #payloadBytes = 0;
  /** Views before this one have no payload any more. */
  #payloadsFrom = 0;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  add(accepted: AcceptedEvent): void {
    const payloadBytes = sizeOfPayload(accepted.event);
    this.#held.push({ accepted, dueMs: accepted.receivedMs + HOLD_MS, payloadBytes });
    this.#payloadBytes += payloadBytes;
    while (this.#payloadBytes > PAYLOAD_BYTES) this.#dropOldestPayload();
  }

  /** Takes out the views whose wait is over, and beyond the bound the oldest. */
  due(nowMs: number): readonly AcceptedEvent[] {
    if (this.#held.length === 0) return none;
    this.#followClock(nowMs);
    let ready = 0;
    while (ready < this.#held.length && this.#held[ready]!.dueMs <= nowMs) ready++;
    const surplus = this.#held.length - HELD_VIEWS;
    if (surplus > ready) {
      this.#instruments.inc(collectorEvictions, { table: 'views' }, surplus - ready);
      ready = surplus;
    }
    if (ready === 0) return none;
    const views = this.#held.splice(0, ready);
    this.#payloadsFrom = Math.max(0, this.#payloadsFrom - ready);
    for (const { payloadBytes } of views) this.#payloadBytes -= payloadBytes;
    return views.map(({ accepted }) => accepted);
  }

  /** Copies without payloads, which rest nowhere. */
  snapshot(): Static<typeof savedHeld> {
    return this.#held.map(({ accepted }) => ({
      accepted: { ...accepted, event: withoutPayload(accepted.event) },
    }));
  }

  restore(saved: Static<typeof savedHeld>): void {
    for (const { accepted } of saved) this.add(accepted);
  }

  #dropOldestPayload(): void {
    const view = this.#held[this.#payloadsFrom++]!;
    if (view.payloadBytes === 0) return;
    this.#payloadBytes -= view.payloadBytes;
    view.payloadBytes = 0;
    view.accepted = { ...view.accepted, event: withoutPayload(view.accepted.event) };
    this.#instruments.inc(collectorEvictions, { table: 'view_payloads' });
  }

  /** When the clock has stepped back, no view waits longer than others do. */
  #followClock(nowMs: number): void {
    if (this.#held[0]!.dueMs <= nowMs + HOLD_MS) return;
    for (const view of this.#held) view.dueMs = Math.min(view.dueMs, nowMs + HOLD_MS);
  }
}

/** About what an event's payload takes in memory. */
function sizeOfPayload(event: McpEvent): number {
  if (event.kind !== 'tool_call') return 0;
  let bytes = event.error_message?.length ?? 0;
  for (const value of [event.arguments, event.result]) {
    if (value === undefined) continue;
    bytes += JSON.stringify(value).length + VALUE_BYTES * (countValues(value, Number.POSITIVE_INFINITY) ?? 0);
  }
  return bytes;
}
