/**
 * Which findings are one incident, so that a human decides once: those of one session; those of one family that show
 * the same thing, such as a destination or a poisoned passage, in other sessions; and what is only unusual about the
 * same principal at the same kind of work. An incident is as severe as the worst of its findings, not as their sum.
 */
import { type DetectorFamily, type Detector as DetectorName, detectorFamilies } from '../catalogue/labels.ts';
import type { Finding } from './finding.ts';

/** What comes later than this after an incident's last finding is another one. */
const WINDOW_MS = 86_400_000;

const familyOf = new Map<DetectorName, DetectorFamily>();
for (const [family, members] of Object.entries(detectorFamilies))
  for (const detector of members) familyOf.set(detector, family as DetectorFamily);

export const familyOfDetector = (detector: DetectorName): DetectorFamily =>
  familyOf.get(detector) as DetectorFamily;

/** Whether two findings of a family are about the same thing: one passage, definition or cluster, or one destination. */
const sameThing = (a: Finding['evidence'], b: Finding['evidence']): boolean =>
  (a.identity !== undefined && a.identity === b.identity) ||
  (a.destination !== undefined && a.destination === b.destination);

/** What decides to which incident a finding belongs. */
export type Related = Pick<
  Finding,
  'session' | 'detector' | 'certainty' | 'principal' | 'session_type' | 'evidence' | 'first_seen_ms'
>;

/** Whether a new finding belongs to the incident of a known one. */
export function belongsTo(found: Related, known: Finding): boolean {
  if (known.session === found.session) return true;
  if (known.status !== 'open' || found.first_seen_ms - known.last_seen_ms > WINDOW_MS) return false;
  if (familyOfDetector(known.detector) !== familyOfDetector(found.detector)) return false;
  if (sameThing(found.evidence, known.evidence)) return true;
  return (
    found.certainty === 'scored' &&
    known.certainty === 'scored' &&
    known.principal === found.principal &&
    known.session_type === found.session_type
  );
}
