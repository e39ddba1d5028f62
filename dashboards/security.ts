/** Security: is data leaving, is somebody breaking in, do agents do what nobody asked them to? */
import { CountsPerMinute, OpsPerMinute, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import type { Outcome } from '../collector/catalogue/labels.ts';
import {
  accessViolations,
  authFailures,
  dlpBlocks,
  policyDecisions,
  serverInfo,
  sourceCapability,
  toolCalls,
} from '../collector/catalogue/metrics.ts';
import {
  above,
  count,
  increase,
  max,
  rate,
  ratio,
  select,
  sum,
  times,
  topk,
} from '../collector/catalogue/promql.ts';
import { dashboard, row } from './dashboard.ts';
import { crossToolFlow, largestFlows } from './flows.ts';
import { NOT_OBSERVABLE, zeroIfSeen, zeroWhere } from './observable.ts';
import { series } from './panel.ts';
import { lines } from './panels.ts';
import { distinctToolsByType, findingsBySeverity, ofType } from './sessions.ts';
import { column, matrix, table } from './table.ts';
import { chosen, serverVariable, sessionTypeVariable, toolVariable } from './variables.ts';
import { authBurst, authStorm, diversity, dlpBurst } from './watched.ts';

const of = { server: chosen.server, tool: chosen.tool };
const ofServer = { server: chosen.server };
const _ofType = { session_type: chosen.sessionType };
const byTool = ['server', 'tool'] as const;
const MOST = 15;

const blocks = rate(dlpBlocks, '$__rate_interval', of);

const blocksByRule = lines({
  title: 'DLP blocks per minute by rule',
  meaning:
    'Bad: one rule alone rising: either a leak has a shape (keys, card numbers), or the rule is too broad.',
  first: 'Read two blocked requests: if they are real, stop the sessions; if they are not, narrow the rule.',
  unit: CountsPerMinute,
  noValue: NOT_OBSERVABLE,
  series: [
    series(topk(MOST, times(sum(blocks, ['rule']), 60)), ({ rule }) => rule),
    series(zeroIfSeen(times(sum(blocks), 60), 'dlp_blocks'), 'all rules'),
  ],
});

const blocksByTool = lines({
  title: 'DLP blocks per minute by tool',
  meaning: 'Bad: blocks gather on one tool: that is where data tries to get out, or where it is read.',
  first: 'Disable the tool for agents until you know which session pushes the data, and from where it came.',
  unit: CountsPerMinute,
  noValue: NOT_OBSERVABLE,
  series: [
    series(topk(MOST, times(sum(blocks, byTool), 60)), ({ server, tool }) => `${server}/${tool}`),
    series(zeroIfSeen(times(sum(blocks), 60), 'dlp_blocks'), 'all tools'),
  ],
});

const failures = rate(authFailures, '$__rate_interval', ofServer);

const failuresByReason = lines({
  title: 'Auth failures per minute by reason',
  meaning:
    'Bad: invalid_token rising (guessing), expired_token everywhere (renewal is broken), insufficient_scope (a client reaches for more than it was given).',
  first: 'Block the sources of invalid tokens; for expired ones, restart the clients’ token renewal.',
  unit: CountsPerMinute,
  stacked: true,
  noValue: NOT_OBSERVABLE,
  series: [series(times(sum(failures, ['reason']), 60), ({ reason }) => reason)],
});

const failuresByServer = lines({
  title: 'Auth failures per minute by server',
  meaning: 'Bad: one server alone: it is being probed, or its keys were rotated and it was forgotten.',
  first: 'Take a probed server off the open network; give a forgotten one its new keys.',
  unit: CountsPerMinute,
  noValue: NOT_OBSERVABLE,
  series: [
    series(times(sum(failures, ['server']), 60), ({ server }) => server),
    series(zeroIfSeen(times(sum(failures), 60), 'auth_failures'), 'all servers'),
  ],
});

const decisions = rate(policyDecisions, '$__rate_interval', of);
const denials = rate(policyDecisions, '$__rate_interval', { ...of, decision: 'deny' });

const denialRate = lines({
  title: 'Denial rate by tool',
  meaning:
    'Share of policy decisions that said no. Bad: a tool that is denied most of the time is being tried without right, or its policy does not fit the work.',
  first: 'Ask whose session tries it: end it if nobody needs the tool, else grant the tool by policy.',
  unit: PercentUnit,
  max: 1,
  noValue: NOT_OBSERVABLE,
  series: [
    series(
      topk(MOST, ratio(sum(denials, byTool), sum(decisions, byTool))),
      ({ server, tool }) => `${server}/${tool}`,
    ),
    series(zeroIfSeen(ratio(sum(denials), sum(decisions)), 'policy_decisions'), 'all tools'),
  ],
});

const refusals = ['denied', 'blocked', 'auth_denied'] as const satisfies readonly Outcome[];

const refusedCalls = lines({
  title: 'Refused calls per minute',
  meaning:
    'Calls that were denied by policy, blocked by content or refused for want of authorisation. Bad: a step up: agents have begun to try what they may not.',
  first: 'Find the client with the most refusals on the dashboard of clients and stop it.',
  unit: OpsPerMinute,
  stacked: true,
  series: [
    series(
      times(sum(rate(toolCalls, '$__rate_interval', { ...of, outcome: refusals }), ['outcome']), 60),
      ({ outcome }) => outcome,
    ),
  ],
});

const registered = count(select(serverInfo));
const violations = rate(accessViolations, '$__rate_interval', ofServer);

const accessViolationsByReason = lines({
  title: 'Access violations per minute',
  meaning:
    'Calls that contradict the registry: a server that is not in it, a client that is not named, a tool that is not approved. Bad: any that lasts. Without a registry nothing is claimed.',
  first: 'Add what is right to `servers` in stack.config.ts; stop the client for what is not.',
  unit: CountsPerMinute,
  noValue: 'No registry',
  series: [
    series(
      topk(MOST, times(sum(violations, ['server', 'client', 'reason']), 60)),
      ({ server, client, reason }) => `${reason}: ${client} on ${server}`,
    ),
    series(zeroWhere(times(sum(violations), 60), registered), 'all'),
  ],
});

const calls = sum(increase(toolCalls, '$__range', ofServer), ['server']);
const info = ['server', 'owner', 'environment'] as const;

const servers = table({
  title: 'Servers, their owners and their use',
  meaning:
    'Who answers for which server, and what happened there over the chosen time. Bad: calls to a server without an owner, or violations on one that has one.',
  first: 'Give a server without an owner one in stack.config.ts, or switch it off.',
  unit: Short,
  rows: { server: 'Server', owner: 'Owner', environment: 'Environment' },
  columns: [
    column('Calls', calls, Short, { decimals: 0 }),
    column(
      'Refused',
      ratio(
        sum(increase(toolCalls, '$__range', { ...ofServer, outcome: refusals }), ['server']),
        above(calls, 0),
      ),
      PercentUnit,
      { decimals: 1, bar: true },
    ),
    column('Violations', sum(increase(accessViolations, '$__range', ofServer), ['server']), Short, {
      decimals: 0,
      steps: [[1, 'red']],
    }),
    column('Registered', max(select(serverInfo, ofServer), info), Short, { hidden: true }),
  ],
  sortBy: 'Calls',
});

const observable = matrix({
  title: 'What the sources can show',
  meaning:
    'By kind of source: what it has shown at least once. Not observable is not the same as none: no DLP blocks from a source that cannot see them says nothing. Bad: a gap under a column that you rely on.',
  first:
    'Connect a source that can see it: most gateways can show denials and auth failures once their logs are sent.',
  unit: Short,
  vector: max(select(sourceCapability), ['source', 'sees']),
  down: 'source',
  across: 'sees',
  words: { 1: ['seen', 'green'], 0: ['not observable', 'text'] },
});

export const security = (alerts: ResolvedAlerts) =>
  dashboard({
    name: 'security',
    title: 'Security',
    question: 'Is data leaving, is somebody breaking in, do agents do what nobody asked them to?',
    variables: [serverVariable(), toolVariable(), sessionTypeVariable()],
    rows: [
      row('Data loss prevention', [dlpBurst(alerts), blocksByRule, blocksByTool]),
      row('Authentication', [authBurst(alerts), authStorm(alerts)], [failuresByReason, failuresByServer]),
      row('Policy and registry', [denialRate, refusedCalls, accessViolationsByReason], [servers]),
      row('Sessions', [diversity(alerts), distinctToolsByType, findingsBySeverity(ofType)]),
      row('Cross-tool flow', [crossToolFlow, largestFlows]),
      row('What can be seen at all', [observable]),
    ],
  });
