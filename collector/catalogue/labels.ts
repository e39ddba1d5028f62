/**
 * Label vocabulary: every label of every metric, its closed set of values or the bound on its open set.
 *
 * A label is written once here and used by its key in `metrics.ts`; renaming it there is a type error at every
 * alert, panel, wording and instrument that used the old name.
 */

/** A label whose values come from outside; at most `bound` distinct values become series, the rest is `_other`. */
export interface OpenLabel {
  readonly bound: number;
}

/** A label is an open set with a bound, or the closed list of its values. */
export type Label = OpenLabel | readonly string[];

/** How a tool call ended. `input_required` and `task` are not errors: the call goes on later. */
export const outcomes = [
  'ok',
  'tool_error',
  'protocol_error',
  'server_error',
  'denied',
  'blocked',
  'auth_denied',
  'cancelled',
  'aborted',
  'input_required',
  'task',
] as const;
export type Outcome = (typeof outcomes)[number];

/** The tool itself reported failure (`isError`) or its server failed: what an error rate of a tool counts. */
export const toolLevelErrors = ['tool_error'] as const satisfies readonly Outcome[];
export const serverLevelErrors = ['server_error', 'aborted'] as const satisfies readonly Outcome[];
export const errorOutcomes = [...toolLevelErrors, ...serverLevelErrors] as const;

/**
 * Calls that reached the tool: what an error rate is a share of. Calls that were refused, malformed or given up by
 * their caller say nothing about the tool, and whoever sends many of them could hide a broken one.
 */
export const answeredOutcomes = [
  'ok',
  ...errorOutcomes,
  'input_required',
  'task',
] as const satisfies readonly Outcome[];

/** Who is to blame for an outcome other than `ok`. */
export const faults = ['none', 'tool', 'caller', 'server', 'auth', 'transport', 'unknown'] as const;
export type Fault = (typeof faults)[number];

export const directions = ['request', 'response'] as const;
export type Direction = (typeof directions)[number];

export const decisions = ['allow', 'deny'] as const;
export type Decision = (typeof decisions)[number];

/** Why authentication failed; `invalid_token` and `insufficient_scope` are the words of RFC 6750. */
export const authFailureReasons = [
  'missing_token',
  'invalid_token',
  'expired_token',
  'insufficient_scope',
  'origin_rejected',
  'other',
] as const;
export type AuthFailureReason = (typeof authFailureReasons)[number];

export const findingSeverities = ['info', 'warning', 'critical'] as const;

/** The detectors, by what they find. */
export const detectors = [
  'tool_diversity',
  'sequence',
  'argument_drift',
  'temporal',
  'cross_session',
  'read_then_exfiltrate',
  'credential_harvesting',
  'privilege_escalation',
  'slow_exfiltration',
  'tool_poisoning',
  'loop',
] as const;
export type Detector = (typeof detectors)[number];

/**
 * Detectors whose findings ask the same of a human. `behaviour` is unusual and may be work nobody told of; the others
 * are attacks when they are real.
 */
export const detectorFamilies = {
  exfiltration: ['read_then_exfiltrate', 'slow_exfiltration'],
  poisoning: ['tool_poisoning', 'cross_session'],
  credentials: ['credential_harvesting', 'privilege_escalation'],
  behaviour: ['tool_diversity', 'sequence', 'argument_drift', 'temporal', 'loop'],
} as const satisfies Readonly<Record<string, readonly Detector[]>>;
export type DetectorFamily = keyof typeof detectorFamilies;

/** What a tool can do to its user; see `ToolRisk`. */
export const toolRisks = ['untrusted', 'sensitive', 'sink', 'outward', 'secret'] as const;

/**
 * What became of a suspicion. `paged`: a critical finding; `overflow`: one that would have paged, but the day's pages
 * were spent; `digest`: a warning; `below`: its score is not rare enough; `learning`: too little is known to say;
 * `supporting`: only raises the risk; `allowed`: a verdict said that this is no finding.
 */
export const suspicionFates = [
  'paged',
  'overflow',
  'digest',
  'below',
  'learning',
  'supporting',
  'allowed',
] as const;
export type SuspicionFate = (typeof suspicionFates)[number];

/** Whether an ended session taught the baselines, else why not. */
export const learningResults = ['learnt', 'finding', 'principal_share', 'no_calls'] as const;
export type LearningResult = (typeof learningResults)[number];

/** How much of an ended session's arguments and results the detectors could read. `lost`: a restart forgot them. */
export const contentSeen = ['all', 'some', 'none', 'lost'] as const;
export type ContentSeen = (typeof contentSeen)[number];

/** Why a use of a server contradicts the registry in `stack.config.ts`. */
export const accessViolationReasons = ['unknown_server', 'client_not_allowed', 'tool_not_approved'] as const;
export type AccessViolationReason = (typeof accessViolationReasons)[number];

/** What a source can show at all; 0 in `mcp_source_capability` means "not observable", never "none happened". */
export const capabilities = [
  'tool_calls',
  'tool_errors',
  'sessions',
  'clients',
  'users',
  'bytes',
  'policy_decisions',
  'dlp_blocks',
  'auth_failures',
  'tool_lists',
  'payloads',
] as const;
export type Capability = (typeof capabilities)[number];

/** Values the collector itself puts in place of a caller's. */
export const OTHER = '_other';
export const UNKNOWN = '_unknown';
/** Where a session comes from before its first call. */
export const START = '_start';

const open = (bound: number): OpenLabel => ({ bound });

export const server = open(200);
export const tool = open(1_000);
export const client = open(50);
export const sessionType = open(50);
export const rule = open(200);
export const owner = open(200);
export const environment = open(20);
/** `server/tool` pairs on both ends of a flow. */
export const endpoint = open(500);
/** Id of an incident that waits for a verdict: the id of its first finding. */
export const incident = open(1_000);
/** Normalised network address of a failed authentication: IPv4, or the /64 of IPv6. */
export const sourceAddress = open(500);
/** Length of a burst window, such as `30s`; one for each definition that asks for it. */
export const burstWindow = open(20);
/** Kind of source that sends events, such as `native`. */
export const sourceKind = open(50);
