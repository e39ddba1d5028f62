/** Clients and journeys: who calls, with what success, and which way sessions take through the tools. */
import { OpsPerMinute, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { answeredOutcomes, errorOutcomes, type Outcome } from '../collector/catalogue/labels.ts';
import { sessionsActive, toolCalls } from '../collector/catalogue/metrics.ts';
import {
  above,
  count,
  increase,
  rate,
  ratio,
  select,
  share,
  sum,
  times,
  topk,
} from '../collector/catalogue/promql.ts';
import { dashboard, row } from './dashboard.ts';
import { busiestSteps, entries, journeys } from './flows.ts';
import { NOT_OBSERVABLE } from './observable.ts';
import { series } from './panel.ts';
import { bars, lines } from './panels.ts';
import { column, table } from './table.ts';
import { chosen, clientVariable, serverVariable } from './variables.ts';

const of = { server: chosen.server, client: chosen.client };
const byClient = ['client'] as const;
const clientName = ({ client }: { client: string }) => client;

const calls = sum(increase(toolCalls, '$__range', of), byClient);
const ended = (outcome: readonly Outcome[], among = calls) =>
  ratio(sum(increase(toolCalls, '$__range', { ...of, outcome }), byClient), above(among, 0));
const answered = { ...of, outcome: answeredOutcomes };
const refused = ['denied', 'blocked', 'auth_denied'] as const satisfies readonly Outcome[];
const callersMistakes = ['protocol_error'] as const satisfies readonly Outcome[];
const usedTools = above(sum(increase(toolCalls, '$__range', of), ['client', 'server', 'tool']), 0);

const clientShare = bars({
  title: 'Share of calls by client',
  meaning:
    'Who uses the tools. Bad: a name you do not know with a large share. Names are what clients say of themselves.',
  first:
    'Ask the owner of an unknown client; until it is explained, take it off the servers’ lists of clients.',
  unit: PercentUnit,
  span: 8,
  noValue: NOT_OBSERVABLE,
  series: [series(topk(15, share(calls)), clientName)],
});

const allClients = table({
  title: 'Clients',
  meaning:
    'Every client over the chosen time. Bad: many refusals (it tries what it may not), many protocol errors (a broken client), or far more tools than its job needs.',
  first: 'Narrow what a client with too many tools may use; send one with protocol errors back to its owner.',
  unit: Short,
  rows: { client: 'Client' },
  columns: [
    column('Calls', calls, Short, { decimals: 0 }),
    column(
      'Errors',
      ended(errorOutcomes, sum(increase(toolCalls, '$__range', answered), byClient)),
      PercentUnit,
      { decimals: 1, bar: true },
    ),
    column('Protocol errors', ended(callersMistakes), PercentUnit, { decimals: 1, bar: true }),
    column('Refused', ended(refused), PercentUnit, { decimals: 1, bar: true }),
    column('Distinct tools', count(usedTools, byClient), Short, { decimals: 0 }),
  ],
  sortBy: 'Calls',
});

const callsByClient = lines({
  title: 'Calls per minute by client',
  meaning:
    'Bad: one client that swells while the others stay (a loop), or one that stops (its users are cut off).',
  first: 'End the looping client’s sessions; for one that stopped, test its login first.',
  unit: OpsPerMinute,
  stacked: true,
  noValue: NOT_OBSERVABLE,
  series: [series(times(sum(rate(toolCalls, '$__rate_interval', of), byClient), 60), clientName)],
});

const errorsByClient = lines({
  title: 'Error rate by client',
  meaning:
    'Share of calls that ended in an error of the tool or its server. Bad: one client alone has errors: it calls wrongly. All together: it is the tools.',
  first:
    'If one client leads, roll it back to its last version; if all rise, go to the errors on Operations.',
  unit: PercentUnit,
  max: 1,
  noValue: NOT_OBSERVABLE,
  series: [
    series(
      ratio(
        sum(rate(toolCalls, '$__rate_interval', { ...of, outcome: errorOutcomes }), byClient),
        sum(rate(toolCalls, '$__rate_interval', answered), byClient),
      ),
      clientName,
    ),
  ],
});

const sessionsByClient = lines({
  title: 'Active sessions by client',
  meaning: 'Bad: a client whose sessions only grow: it does not close them, or it is being scripted.',
  first: 'Stop that client; its sessions end by themselves once idle.',
  unit: Short,
  stacked: true,
  noValue: NOT_OBSERVABLE,
  series: [series(sum(select(sessionsActive, { client: chosen.client }), byClient), clientName)],
});

export const clients = () =>
  dashboard({
    name: 'clients',
    title: 'Clients and journeys',
    question: 'Who calls, with what success, and which way do sessions take through the tools?',
    variables: [serverVariable(), clientVariable()],
    rows: [
      row('Clients', [clientShare, allClients], [callsByClient, errorsByClient, sessionsByClient]),
      row('Journeys', [journeys], [busiestSteps, entries]),
    ],
  });
