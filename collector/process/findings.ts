/** What the detectors found: a bounded list for people, and a counter for alerts and panels. */
import { hash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { collectorEvictions } from '../catalogue/collector-metrics.ts';
import { detectors, findingSeverities } from '../catalogue/labels.ts';
import { findings } from '../catalogue/metrics.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';

const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });

export const findingSchema = Type.Object({
  id: Type.String(),
  detector: oneOf(detectors),
  severity: oneOf(findingSeverities),
  /** Hashed session id. */
  session: Type.String(),
  session_type: Type.String(),
  server: Type.Optional(Type.String()),
  user: Type.Optional(Type.String()),
  /** How far from usual, in the detector's own measure; its message says in words. */
  score: Type.Number(),
  message: Type.String(),
  first_seen_ms: Type.Number(),
  last_seen_ms: Type.Number(),
});
export type Finding = Static<typeof findingSchema>;
const savedCheck = Compile(Type.Array(findingSchema));

/** What a detector says; it may say more of the same later. */
export interface Observation extends Omit<Finding, 'id' | 'first_seen_ms' | 'last_seen_ms'> {
  /** Tells this finding from others of the detector about the same session id. */
  readonly startedMs: number;
  readonly timeMs: number;
}

export class Findings {
  readonly #limit: number;
  readonly #instruments: Instruments;
  /** By id, the oldest first. */
  readonly #found = new Map<string, Finding>();

  constructor(config: CollectorConfig, instruments: Instruments) {
    this.#limit = config.limits.findings;
    this.#instruments = instruments;
  }

  /** All findings, the newest first. */
  get all(): readonly Finding[] {
    return [...this.#found.values()].reverse();
  }

  /** Findings about a session, by its hashed id, the newest first. */
  of(session: string): readonly Finding[] {
    return this.all.filter((finding) => finding.session === session);
  }

  /** Adds a finding, or brings the one that is there up to date. */
  report({ startedMs, timeMs, ...observed }: Observation): void {
    const id = hash('sha256', `${observed.detector} ${observed.session} ${startedMs}`, 'base64url').slice(
      0,
      16,
    );
    const known = this.#found.get(id);
    if (known) {
      Object.assign(known, observed, { last_seen_ms: Math.max(known.last_seen_ms, timeMs) });
      return;
    }
    const { detector, severity, session_type } = observed;
    this.#instruments.inc(findings, { detector, severity, session_type });
    this.#add({ id, ...observed, first_seen_ms: timeMs, last_seen_ms: timeMs });
  }

  snapshot(): readonly Finding[] {
    return [...this.#found.values()];
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const finding of saved) this.#add(finding);
    return true;
  }

  #add(finding: Finding): void {
    this.#found.set(finding.id, finding);
    if (this.#found.size <= this.#limit) return;
    this.#found.delete(this.#found.keys().next().value as string);
    this.#instruments.inc(collectorEvictions, { table: 'findings' });
  }
}
