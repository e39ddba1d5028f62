/** What the reader chooses at the top of a dashboard, and the matchers that follow from it. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { sessionsActive, toolCalls } from '../collector/catalogue/metrics.ts';
import { labelValues, re } from '../collector/catalogue/promql.ts';
import { datasource } from './panel.ts';

/** `default` is the reader's default Prometheus; Grafana falls back to the first one it has. */
export const datasourceVariable = (): Builder<VariableModel> =>
  new DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type('prometheus')
    .allowCustomValue(false)
    .current({ selected: true, text: 'default', value: 'default' });

/** Several or all. `All` is `.*` and not a list: it also matches what the variable's own query has not met. */
const severalOf = (name: string, label: string, query: string): Builder<VariableModel> =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .definition(query)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc);

export const chosen = {
  server: re('$server'),
  tool: re('$tool'),
  client: re('$client'),
  sessionType: re('$session_type'),
  /** A `server/tool` end of a flow on a chosen server; `_other` has no tool. */
  endpoint: re('($server)(/.*)?'),
} as const;

export const serverVariable = () => severalOf('server', 'Server', labelValues(toolCalls, 'server'));
export const toolVariable = () =>
  severalOf('tool', 'Tool', labelValues(toolCalls, 'tool', { server: chosen.server }));
export const clientVariable = () =>
  severalOf('client', 'Client', labelValues(toolCalls, 'client', { server: chosen.server }));
export const sessionTypeVariable = () =>
  severalOf('session_type', 'Session type', labelValues(sessionsActive, 'session_type'));
