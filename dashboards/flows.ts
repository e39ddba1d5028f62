/** Panels about the ways between tools: the journeys of sessions, and the bytes that can have gone along. */
import {
  BytesIEC,
  BytesPerSecondIEC,
  OpsPerMinute,
  PercentUnit,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import { START } from '../collector/catalogue/labels.ts';
import { crossToolBytes, toolTransitions } from '../collector/catalogue/metrics.ts';
import { above, and, increase, or, rate, share, sum, times, topk } from '../collector/catalogue/promql.ts';
import { series } from './panel.ts';
import { bars, lines } from './panels.ts';
import { column, table } from './table.ts';
import { chosen } from './variables.ts';

const edge = ['from', 'to'] as const;
const allSteps = sum(increase(toolTransitions, '$__range'), edge);
/** Steps with either end on a chosen server: a journey that leaves it is of interest, and one that arrives. */
const steps = above(
  or(
    sum(increase(toolTransitions, '$__range', { from: chosen.endpoint }), edge),
    sum(increase(toolTransitions, '$__range', { to: chosen.endpoint }), edge),
  ),
  0,
);
const stepRate = or(
  sum(rate(toolTransitions, '$__rate_interval', { from: chosen.endpoint }), edge),
  sum(rate(toolTransitions, '$__rate_interval', { to: chosen.endpoint }), edge),
);

export const journeys = table({
  title: 'Journeys',
  meaning:
    'From which tool to which, over the chosen time and all clients; _start is the beginning of a session. Read it as a flow: sort by From to see where sessions go on from a tool. Bad: a common step from a tool that reads secrets to one that writes or sends, or a tool that mostly follows itself (a retry loop).',
  first:
    'For a step that should not exist, deny the second tool to that session type; for a loop, mend the tool’s error.',
  unit: Short,
  rows: { from: 'From', to: 'To' },
  columns: [
    column('Steps', steps, Short, { decimals: 0 }),
    column('Share of all that leave From', and(share(allSteps, ['from']), steps), PercentUnit, {
      decimals: 1,
      bar: true,
    }),
    column('Share of all that reach To', and(share(allSteps, ['to']), steps), PercentUnit, {
      decimals: 1,
      bar: true,
    }),
  ],
  sortBy: 'Steps',
});

export const busiestSteps = lines({
  title: 'Busiest steps',
  meaning:
    'The ten most taken steps per minute, over all clients. Bad: a step that was not there before and is now among the busiest: agents have been taught a new way.',
  first:
    'Find in a session page what sent the agent that way: a prompt, a changed tool description, or a tool’s output.',
  unit: OpsPerMinute,
  series: [series(topk(10, times(stepRate, 60)), ({ from, to }) => `${from} → ${to}`)],
});

export const entries = bars({
  title: 'Where sessions begin',
  meaning:
    'The first tool of each session that began. Bad: sessions that begin with a tool that should come last.',
  first: 'Open such a session and end it if nobody asked for that tool.',
  unit: Short,
  series: [
    series(topk(15, sum(increase(toolTransitions, '$__range', { from: START }), ['to'])), ({ to }) => to),
  ],
});

const flows = above(
  or(
    sum(increase(crossToolBytes, '$__range', { from: chosen.endpoint }), edge),
    sum(increase(crossToolBytes, '$__range', { to: chosen.endpoint }), edge),
  ),
  0,
);
const flowRate = or(
  sum(rate(crossToolBytes, '$__rate_interval', { from: chosen.endpoint }), edge),
  sum(rate(crossToolBytes, '$__rate_interval', { to: chosen.endpoint }), edge),
);

export const crossToolFlow = table({
  title: 'Cross-tool flow',
  meaning:
    'Bytes that one tool returned and the same session could have sent to another: an upper bound, the smaller of the two sizes. Bad: much from a tool that reads private data to one that leaves the house.',
  first: 'Block the receiving tool for that session type, then follow the flow in a session page.',
  unit: BytesIEC,
  rows: { from: 'From', to: 'To' },
  columns: [
    column('Bytes', topk(50, flows), BytesIEC),
    column('Share of all flow', topk(50, share(flows)), PercentUnit, { decimals: 1, bar: true }),
  ],
  sortBy: 'Bytes',
});

export const largestFlows = lines({
  title: 'Largest flows',
  meaning: 'The ten largest flows over time. Bad: one that was not there before, or a step that stays up.',
  first: 'Find the session that began at the step, and hold its next calls until its owner has answered.',
  unit: BytesPerSecondIEC,
  series: [series(topk(10, flowRate), ({ from, to }) => `${from} → ${to}`)],
});
