/** What a detector found in a session, as it is kept, journaled, shown and told. */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { detectors, findingSeverities, toolRisks } from '../catalogue/labels.ts';

const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });
const count = Type.Integer({ minimum: 0 });

/** `open` until a human has said what it is. */
export const findingStatuses = ['open', 'confirmed', 'dismissed'] as const;
export type FindingStatus = (typeof findingStatuses)[number];

/**
 * What a human says of a finding. `true_positive`: an attack or misuse. `false_positive`: nothing of the kind happened.
 * `benign`: it happened as told and is allowed. `withdrawn`: whatever was said before is taken back.
 */
export const verdicts = ['true_positive', 'false_positive', 'benign', 'withdrawn'] as const;
export type Verdict = (typeof verdicts)[number];

export const statusAfter: Readonly<Record<Verdict, FindingStatus>> = {
  true_positive: 'confirmed',
  false_positive: 'dismissed',
  benign: 'dismissed',
  withdrawn: 'open',
};

const evidenceSchema = Type.Object({
  /** The session's calls that matter, in order; of those before a restart only their place is known. */
  calls: Type.Array(
    Type.Object({
      index: count,
      time_ms: Type.Optional(Type.Number()),
      endpoint: Type.Optional(Type.String()),
    }),
  ),
  destination: Type.Optional(Type.String()),
  identity: Type.Optional(Type.String()),
  shared: Type.Optional(
    Type.Array(
      Type.Object({
        fromCall: count,
        toCall: count,
        fromPath: Type.String(),
        toPath: Type.String(),
        length: count,
        encoding: oneOf(['plain', 'url', 'base64', 'hex', 'json', 'nested'] as const),
      }),
    ),
  ),
  /** Hashed ids of other sessions that belong to it. */
  sessions: Type.Optional(Type.Array(Type.String())),
  baseline: Type.Optional(Type.Record(Type.String(), Type.Number())),
  /** A cited passage; only where the configuration allows it. */
  excerpt: Type.Optional(Type.String()),
});
export type FindingEvidence = Static<typeof evidenceSchema>;

export const findingSchema = Type.Object({
  id: Type.String(),
  /** The incident it belongs to: the id of that one's first finding. */
  incident: Type.String(),
  detector: oneOf(detectors),
  severity: oneOf(findingSeverities),
  certainty: oneOf(['confirmed', 'scored'] as const),
  status: oneOf(findingStatuses),
  /** Hashed session id. */
  session: Type.String(),
  session_type: Type.String(),
  principal: Type.String(),
  user: Type.Optional(Type.String()),
  server: Type.String(),
  tool: Type.String(),
  /** What the tool can do, and who says so. */
  tool_risk: Type.Object({
    can: Type.Array(oneOf(toolRisks)),
    provenance: oneOf(['registry', 'annotations', 'name'] as const),
  }),
  /** How far from usual, in the detector's own measure; its message says in words. */
  score: Type.Number(),
  /** The score it had to exceed, where the budget sets one. */
  threshold: Type.Optional(Type.Number()),
  message: Type.String(),
  evidence: evidenceSchema,
  /** What else is unusual about the session, but would not be a finding of its own. */
  supporting: Type.Array(
    Type.Object({ detector: oneOf(detectors), score: Type.Number(), message: Type.String() }),
  ),
  /** Rank among findings: the sum over all detectors of -ln of the chance of such a score, in nats. */
  risk: Type.Number(),
  first_seen_ms: Type.Number(),
  last_seen_ms: Type.Number(),
  verdict: Type.Optional(
    Type.Object({
      verdict: oneOf(verdicts),
      note: Type.Optional(Type.String()),
      /** Who decided, as they said themselves. */
      by: Type.Optional(Type.String()),
      time_ms: Type.Number(),
    }),
  ),
});
export type Finding = Static<typeof findingSchema>;

export const findingCheck = Compile(findingSchema);

const rank = { info: 0, warning: 1, critical: 2 } as const;

/** The highest severity of some findings. */
export const worstOf = (findings: Iterable<Pick<Finding, 'severity'>>): Finding['severity'] => {
  let worst: Finding['severity'] = 'info';
  for (const { severity } of findings) if (rank[severity] > rank[worst]) worst = severity;
  return worst;
};

/** Above zero when the first is the more severe. */
export const compareSeverity = (a: Finding['severity'], b: Finding['severity']): number => rank[a] - rank[b];
