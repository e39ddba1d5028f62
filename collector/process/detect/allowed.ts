/**
 * What humans said is no finding: the destination, the passage or the pair of tools of a finding that they dismissed,
 * for all detectors of its family. An entry ends by itself, since what was harmless in spring may not be in autumn.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Finding } from '../finding.ts';
import { familyOfDetector } from '../incidents.ts';

const ALLOWED_FOR_MS = 30 * 86_400_000;
const MAXIMUM_ENTRIES = 1_000;

const savedSchema = Type.Array(
  Type.Object({ key: Type.String(), finding: Type.String(), untilMs: Type.Number() }),
);
const savedCheck = Compile(savedSchema);

type Judged = Pick<Finding, 'detector' | 'session_type' | 'server' | 'tool' | 'evidence'>;

const thingOf = ({ evidence }: Pick<Finding, 'evidence'>) => evidence.identity ?? evidence.destination;

/** Whether a finding shows another destination, passage or definition than an earlier one of its session did. */
export const isOther = (found: Pick<Finding, 'evidence'>, earlier: Pick<Finding, 'evidence'>): boolean =>
  thingOf(found) !== undefined && thingOf(found) !== thingOf(earlier);

/** Exact evidence where there is any, else the tools of its first and last call in sessions of that type. */
function keyOf({ detector, session_type, server, tool, evidence }: Judged): string {
  const thing = thingOf({ evidence });
  const about =
    thing === undefined ? [session_type, evidence.calls[0]?.endpoint, `${server}/${tool}`] : [thing];
  return JSON.stringify([familyOfDetector(detector), ...about]);
}

export class Allowed {
  /** By key, the oldest first. */
  readonly #entries = new Map<string, { readonly finding: string; readonly untilMs: number }>();

  /**
   * Allows what a finding shows. False when the oldest entry had to make room: what it allowed is told of again.
   */
  add(finding: Judged & { readonly id: string }, nowMs: number): boolean {
    const key = keyOf(finding);
    this.#entries.delete(key);
    this.#entries.set(key, { finding: finding.id, untilMs: nowMs + ALLOWED_FOR_MS });
    if (this.#entries.size <= MAXIMUM_ENTRIES) return true;
    this.#entries.delete(this.#entries.keys().next().value as string);
    return false;
  }

  /** Takes back what the verdict on a finding allowed. */
  remove(finding: string): void {
    for (const [key, entry] of this.#entries) if (entry.finding === finding) this.#entries.delete(key);
  }

  has(finding: Judged, nowMs: number): boolean {
    if (this.#entries.size === 0) return false;
    const entry = this.#entries.get(keyOf(finding));
    return entry !== undefined && entry.untilMs > nowMs;
  }

  snapshot(): Static<typeof savedSchema> {
    return [...this.#entries].map(([key, entry]) => ({ key, ...entry }));
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const { key, finding, untilMs } of saved.slice(-MAXIMUM_ENTRIES))
      this.#entries.set(key, { finding, untilMs });
    return true;
  }
}
