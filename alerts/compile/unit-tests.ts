/** Unit tests for promtool, one file for each alert: `promtool test rules rules/tests/*.yaml`. */
import { secondsOf } from '../../collector/catalogue/duration.ts';
import { ruleGroups } from '../alert.ts';
import type { ResolvedAlert } from '../resolve.ts';
import type { Expectation } from '../test-case.ts';
import { yaml } from './layout.ts';
import { ruleFile } from './rules.ts';
import { filledIn } from './wording.ts';

const expected = (alert: ResolvedAlert) => (expectation: Expectation<string>) => ({
  eval_time: expectation.at,
  alertname: expectation.silent ?? alert.name,
  exp_alerts: expectation.firing.map((firing) => ({
    exp_labels: { severity: alert.severity, ...firing.labels },
    exp_annotations: filledIn(alert, firing),
  })),
});

/** File name to text. Rule files are named as seen from the folder `tests` beside them. */
export function compileUnitTests(alerts: readonly ResolvedAlert[]): Record<string, string> {
  const enabled = alerts.filter((alert) => alert.enabled);
  const files = enabled.map((alert) => {
    const tests = alert.definition.tests(alert.settled, secondsOf(alert.keepFiringFor)).map((test) => ({
      name: test.name,
      interval: test.interval,
      input_series: test.input,
      alert_rule_test: test.expect.map(expected(alert)),
    }));
    const { interval } = ruleGroups[alert.group];
    return [
      `${alert.name}.yaml`,
      yaml({ rule_files: [`../${ruleFile(alert.group)}`], evaluation_interval: interval, tests }),
    ];
  });
  return Object.fromEntries(files);
}
