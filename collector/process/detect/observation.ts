/** What a detector reports, as it may be kept: bounded, without content, with the calls that its numbers mean. */
import { toolRisks } from '../../catalogue/labels.ts';
import type { FindingEvidence } from '../finding.ts';
import type { Draft } from '../findings.ts';
import type { SessionFacts, ToolRisk } from './call.ts';
import type { Evidence, Suspicion } from './detector.ts';
import type { TrailStep } from './trail.ts';

const MESSAGE_LENGTH = 1_000;
const NAME_LENGTH = 256;
const EXCERPT_LENGTH = 300;
const MOST_CALLS = 32;
const MOST_SHARED = 16;
const MOST_SESSIONS = 32;
const MOST_NUMBERS = 16;

interface Seen {
  /** What is known of a call by its number. */
  readonly step: (index: number) => TrailStep;
  readonly risk: ToolRisk;
  /** Whether cited passages may be kept. */
  readonly excerpts: boolean;
}

/** A finding as it would be told, before anybody has decided how severe it is. */
export function observationOf(session: SessionFacts, suspicion: Suspicion, seen: Seen): Draft {
  const { detector, certainty, score, message, server, tool, timeMs, evidence } = suspicion;
  const { user } = session;
  const kept = evidenceOf(evidence, seen);
  return {
    detector,
    certainty: certainty === 'confirmed' ? 'confirmed' : 'scored',
    session: session.id,
    session_type: session.type,
    principal: session.principal,
    ...(user === undefined ? {} : { user }),
    server,
    tool,
    tool_risk: { can: toolRisks.filter((name) => seen.risk[name]), provenance: seen.risk.provenance },
    // JSON has no infinity, and a score that is no number must not become one.
    score: Number.isNaN(score) ? 0 : Math.min(score, Number.MAX_SAFE_INTEGER),
    message: cut(withNamesQuoted(message, [server, tool, ...namesIn(evidence, kept)]), MESSAGE_LENGTH),
    evidence: kept,
    startedMs: session.startedMs,
    timeMs,
  };
}

function evidenceOf(evidence: Evidence, { step, excerpts }: Seen): FindingEvidence {
  const { destination, identity, shared, sessions, baseline, excerpt } = evidence;
  const numbers = Object.entries(baseline ?? {}).filter(([, value]) => Number.isFinite(value));
  return {
    calls: evidence.calls.slice(-MOST_CALLS).map(step),
    ...(destination === undefined ? {} : { destination: cut(destination, NAME_LENGTH) }),
    ...(identity === undefined ? {} : { identity: cut(identity, NAME_LENGTH) }),
    ...(shared === undefined ? {} : { shared: shared.slice(0, MOST_SHARED).map((one) => ({ ...one })) }),
    ...(sessions === undefined ? {} : { sessions: sessions.slice(0, MOST_SESSIONS) }),
    ...(numbers.length === 0 ? {} : { baseline: Object.fromEntries(numbers.slice(0, MOST_NUMBERS)) }),
    ...(excerpt === undefined || !excerpts ? {} : { excerpt: cut(excerpt, EXCERPT_LENGTH) }),
  };
}

/** What others chose and a message may name. */
const namesIn = ({ destination, shared = [] }: Evidence, { calls }: FindingEvidence): readonly string[] => [
  ...(destination === undefined ? [] : [destination]),
  ...calls.flatMap(({ endpoint }) => endpoint ?? []),
  ...shared.flatMap(({ fromPath, toPath }) => [fromPath, toPath]),
];

/** Names stand between backticks in messages: one with a backtick in it could go on in our voice. */
const withNamesQuoted = (message: string, names: readonly string[]): string =>
  names.reduce(
    (text, name) => (name.includes('`') ? text.replaceAll(name, name.replaceAll('`', "'")) : text),
    message,
  );

const cut = (text: string, length: number) =>
  text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
