/** A process with nothing but a pipeline of open sessions: what one weighs. */
import { collectorDefaults } from '../collector/config.ts';
import { createInstruments } from '../collector/instruments.ts';
import { Pipeline } from '../collector/process/pipeline.ts';
import { answerMessages } from './child.ts';
import { hexOf, numbered, toolCalls } from './payload/tool-call.ts';

const CALLS = 10;

/** What is asked of this process. */
export interface Weigh {
  readonly sessions: number;
  /** With all detectors, or with none. */
  readonly detectors: boolean;
}

/** Bytes of one open session, of which many are. */
function weigh({ sessions, detectors }: Weigh): number {
  const limits = { ...collectorDefaults.limits, sessions: sessions * 2 };
  const detection = { ...collectorDefaults.detection, enabled: detectors };
  const config = { ...collectorDefaults, limits, detection };
  const nowMs = Date.now();
  const fail = (error: Error) => {
    throw error;
  };
  const pipeline = new Pipeline(config, createInstruments(config, Date.now), Date.now, fail);
  const next = toolCalls(nowMs, numbered);
  const call = (id: string) => {
    const { trace_id: _, ...event } = next(0);
    const accepted = {
      timeMs: nowMs,
      receivedMs: nowMs,
      sourceKind: 'native',
      position: { segment: 1, offset: 0 },
    };
    // As parsed from a request: a text of its own, not a part of another.
    pipeline.process({ event: JSON.parse(JSON.stringify({ ...event, session: { id } })), ...accepted });
  };
  // Series and names are there before, so that only sessions are weighed.
  for (let n = 0; n < 20_000; n++) call('all');
  const before = bytesUsed();
  for (let n = 0; n < sessions; n++) for (let i = 0; i < CALLS; i++) call(hexOf(n).padStart(32, '0'));
  return (bytesUsed() - before) / sessions;
}

/** Of the heap, and of the buffers outside it. */
function bytesUsed(): number {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

answerMessages(weigh);
