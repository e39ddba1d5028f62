/** Rule files for Prometheus, one for each group. */
import { type RuleGroup, ruleGroups } from '../alert.ts';
import type { ResolvedAlert } from '../resolve.ts';
import { onLines, yaml } from './layout.ts';
import { templates } from './wording.ts';

export const ruleFile = (group: RuleGroup) => `${ruleGroups[group].name}.yaml`;

const rule = (alert: ResolvedAlert) => ({
  alert: alert.name,
  expr: onLines(alert.expression),
  ...(alert.for ? { for: alert.for } : {}),
  keep_firing_for: alert.keepFiringFor,
  labels: { severity: alert.severity },
  annotations: templates(alert),
});

/** File name to text; a group without enabled alerts has no file. */
export function compileRules(alerts: readonly ResolvedAlert[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const group of Object.keys(ruleGroups) as RuleGroup[]) {
    const rules = alerts.filter((alert) => alert.enabled && alert.group === group).map(rule);
    if (rules.length > 0) files[ruleFile(group)] = yaml({ groups: [{ ...ruleGroups[group], rules }] });
  }
  return files;
}
