/** Every metric the collector exposes. Names and labels are the contract: add, do not rename. */
import {
  accessViolationReasons,
  authFailureReasons,
  burstWindow,
  capabilities,
  client,
  contentSeen,
  decisions,
  detectors,
  directions,
  endpoint,
  environment,
  findingSeverities,
  incident,
  outcomes,
  owner,
  rule,
  server,
  sessionType,
  sourceAddress,
  sourceKind,
  tool,
} from './labels.ts';
import { counter, gauge, histogram, type Metric } from './metric.ts';

/**
 * Bucket bounds of the OpenTelemetry MCP conventions for `mcp.server.operation.duration`, in seconds. They hold 2,
 * the default limit of LatencyDegradation, and finite bounds above it: without both, a p99 cannot be told from 2.
 */
export const durationBuckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

/** Sessions last minutes to days; the conventions' buckets end at 300 s and say nothing about them. */
const sessionDurationBuckets = [
  1, 10, 30, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
] as const;
const sessionCallBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;
const sessionToolBuckets = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100] as const;

export const toolCalls = counter('mcp_tool_calls_total', {
  help: 'Tool calls by how they ended.',
  unit: 'calls',
  labels: { server, tool, client, outcome: outcomes },
});

export const toolCallDuration = histogram('mcp_tool_call_duration_seconds', {
  help: 'Duration of tool calls in seconds.',
  unit: 'seconds',
  labels: { server, tool },
  buckets: durationBuckets,
});

export const toolCallBytes = counter('mcp_tool_call_bytes_total', {
  help: 'Bytes sent to tools (request) and returned by them (response).',
  unit: 'bytes',
  labels: { server, tool, direction: directions },
});

export const sessionsActive = gauge('mcp_sessions_active', {
  help: 'Sessions that have started and neither ended nor gone idle.',
  unit: 'sessions',
  labels: { session_type: sessionType, client },
});

export const sessionDuration = histogram('mcp_session_duration_seconds', {
  help: 'Time from the first to the last event of a session, observed when it ends.',
  unit: 'seconds',
  labels: { session_type: sessionType },
  buckets: sessionDurationBuckets,
});

export const sessionToolCalls = histogram('mcp_session_tool_calls', {
  help: 'Tool calls in a session, observed when it ends.',
  unit: 'calls',
  labels: { session_type: sessionType },
  buckets: sessionCallBuckets,
});

export const sessionUniqueTools = histogram('mcp_session_unique_tools', {
  help: 'Distinct tools a session called, observed when it ends.',
  unit: 'tools',
  labels: { session_type: sessionType },
  buckets: sessionToolBuckets,
});

export const sessionUniqueToolsPeak = gauge('mcp_session_unique_tools_peak', {
  help: 'Distinct tools of the most diverse session of its type that is open or ended within the hold time.',
  unit: 'tools',
  labels: { session_type: sessionType },
});

export const sessionUniqueToolsBaseline = gauge('mcp_session_unique_tools_baseline', {
  help: 'Median of distinct tools over completed sessions of the type that may teach; absent until enough have completed.',
  unit: 'tools',
  labels: { session_type: sessionType },
});

export const dlpBlocks = counter('mcp_dlp_blocks_total', {
  help: 'Requests and responses that a data-loss-prevention rule blocked.',
  unit: 'events',
  labels: { server, tool, rule },
});

export const policyDecisions = counter('mcp_policy_decisions_total', {
  help: 'Policy decisions about tool calls.',
  unit: 'events',
  labels: { server, tool, decision: decisions },
});

export const crossToolBytes = counter('mcp_cross_tool_bytes_total', {
  help: 'Bytes that one tool returned and the same session could have sent to another: the smaller of the two sizes.',
  unit: 'bytes',
  labels: { from: endpoint, to: endpoint },
});

export const toolTransitions = counter('mcp_tool_transitions_total', {
  help: 'Consecutive tool calls of a session, from one server/tool to the next.',
  unit: 'calls',
  labels: { from: endpoint, to: endpoint },
});

export const authFailures = counter('mcp_auth_failures_total', {
  help: 'Failed authentications.',
  unit: 'events',
  labels: { server, reason: authFailureReasons },
});

export const dlpBlocksWindowPeak = gauge('mcp_dlp_blocks_window_peak', {
  help: 'Largest number of DLP blocks in any window of this length, held long enough for every scrape to see it.',
  unit: 'events',
  labels: { window: burstWindow },
});

export const authFailuresWindowPeak = gauge('mcp_auth_failures_window_peak', {
  help: 'Largest number of auth failures of one source in any window of this length, held for every scrape to see.',
  unit: 'events',
  labels: { window: burstWindow, source: sourceAddress },
});

export const findings = counter('mcp_findings_total', {
  help: 'Findings of the detectors.',
  unit: 'events',
  labels: { detector: detectors, severity: findingSeverities, session_type: sessionType },
});

export const incidentsOpen = gauge('mcp_incidents_open', {
  help: 'Critical findings of an incident and of one family of detectors, under the first of them; gone with their verdicts.',
  unit: 'events',
  labels: { incident, detector: detectors, session_type: sessionType },
});

export const findingsUnpaged = gauge('mcp_findings_unpaged', {
  help: 'Confirmed findings that paged nobody, since the pages of the day were spent, and that wait for a verdict.',
  unit: 'events',
});

export const detectorLearning = gauge('mcp_detector_learning', {
  help: '1 while a detector knows too little of a session type to judge it by its baseline, 0 once it does.',
  labels: { detector: detectors, session_type: sessionType },
});

export const detectorThreshold = gauge('mcp_detector_threshold', {
  help: 'Score above which a session is a finding, as the budget sets it; absent while it is being learnt.',
  labels: { detector: detectors },
});

export const detectorFindingsRatio = gauge('mcp_detector_findings_ratio', {
  help: 'Share of sessions that the threshold makes findings of, by the sessions seen so far.',
  unit: 'ratio',
  labels: { detector: detectors },
});

export const sessionsContent = counter('mcp_sessions_content_total', {
  help: 'Ended sessions by how much of their arguments and results the detectors could read.',
  unit: 'sessions',
  labels: { content: contentSeen },
});

export const serverInfo = gauge('mcp_server_info', {
  help: 'A server of the registry; always 1.',
  labels: { server, owner, environment },
});

export const accessViolations = counter('mcp_access_violations_total', {
  help: 'Calls that contradict the registry of servers, their clients and their tools.',
  unit: 'events',
  labels: { server, client, reason: accessViolationReasons },
});

export const sourceCapability = gauge('mcp_source_capability', {
  help: '1 when a kind of source can show this or has, 0 otherwise: not observable, which is not the same as none.',
  labels: { source: sourceKind, sees: capabilities },
});

/** The contract's metrics about MCP, in the order of the contract. The collector's own are in `collector-metrics.ts`. */
export const mcpMetrics = {
  toolCalls,
  toolCallDuration,
  toolCallBytes,
  sessionsActive,
  sessionDuration,
  sessionToolCalls,
  sessionUniqueTools,
  sessionUniqueToolsPeak,
  sessionUniqueToolsBaseline,
  dlpBlocks,
  policyDecisions,
  crossToolBytes,
  toolTransitions,
  authFailures,
  dlpBlocksWindowPeak,
  authFailuresWindowPeak,
  findings,
  incidentsOpen,
  findingsUnpaged,
  detectorLearning,
  detectorThreshold,
  detectorFindingsRatio,
  sessionsContent,
  serverInfo,
  accessViolations,
  sourceCapability,
} as const satisfies Record<string, Metric>;
