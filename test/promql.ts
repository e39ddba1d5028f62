/** Reads an expression with Prometheus' own grammar: its syntax errors, the metrics and the labels it names. */
import { parser } from '@prometheus-io/lezer-promql';

/** Grafana's variables are not PromQL outside of strings; any duration does for the grammar. */
const withoutVariables = (expression: string) =>
  expression.replaceAll(/\$__(?:rate_interval|range|interval)/g, '5m');

export interface ParsedExpression {
  readonly errors: readonly string[];
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

export function parsePromql(expression: string): ParsedExpression {
  const text = withoutVariables(expression);
  const errors: string[] = [];
  const metrics = new Set<string>();
  const labels = new Set<string>();
  parser.parse(text).iterate({
    enter(node) {
      const at = text.slice(node.from, node.to);
      if (node.type.isError) errors.push(`syntax error at ${node.from} of ${text}`);
      else if (node.name === 'LabelName') labels.add(at);
      else if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') metrics.add(at);
    },
  });
  return { errors, metrics: [...metrics], labels: [...labels] };
}
