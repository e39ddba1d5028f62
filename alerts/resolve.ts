/** Definitions and overrides together: the alerts as they are in one stack. */
import type { BurstWindow } from '../collector/catalogue/burst-window.ts';
import type { Unit } from '../collector/catalogue/metric.ts';
import { above, and, type Duration, unless, type Vector } from '../collector/catalogue/promql.ts';
import {
  type AnyAlert,
  type AnySettled,
  KEEP_FIRING_FOR,
  type RuleGroup,
  type Settings,
  type Severity,
} from './alert.ts';
import { type AlertName, allAlerts } from './all.ts';
import { type AlertOverrides, checkOverrides, settingsOf } from './overrides.ts';

type NamedAlert = (typeof allAlerts)[number];

export interface ResolvedAlert {
  readonly name: AlertName;
  readonly enabled: boolean;
  readonly severity: Severity;
  readonly group: RuleGroup;
  readonly settings: Settings;
  /** What the definition's functions are given: the settings, and those of the alert that it follows. */
  readonly settled: AnySettled;
  /** Unit of the measure and the limit. */
  readonly unit: Unit;
  /** Labels of the firing series. */
  readonly labels: readonly string[];
  /** PromQL of what is measured. */
  readonly measure: string;
  /** What the measure fires above, where that is a number. */
  readonly limit: number | undefined;
  /** PromQL of what the measure fires above, where that is a series. */
  readonly limitExpression: string | undefined;
  /** PromQL of the rule. */
  readonly expression: string;
  readonly for: Duration | undefined;
  readonly keepFiringFor: Duration;
  readonly burst: BurstWindow | undefined;
  readonly action: string;
  /** Name of the runbook, without `.md`. */
  readonly runbook: string;
  /** Where the runbook is: below the base that is configured, else its path in the synthesised folder. */
  readonly runbookUrl: string;
  readonly definition: AnyAlert;
}

export type ResolvedAlerts = { readonly [N in AlertName]: ResolvedAlert };

const runbookUrl = (runbook: string, base: string | undefined) =>
  base ? `${base.replace(/\/+$/, '')}/${runbook}.md` : `runbooks/${runbook}.md`;

/** Throws a sentence unless a base for runbooks is an address that a browser opens. */
export function checkRunbookBaseUrl(base: string | undefined): void {
  if (base !== undefined && !/^https?:\/\/[^\s?#]+$/.test(base)) {
    throw new Error(
      `stack.config.ts: runbookBaseUrl must be an http or https address without query, not ${JSON.stringify(base)}`,
    );
  }
}

/** Where the measure is over its limit and its floor is reached. */
function conditionOf(alert: AnyAlert, settings: AnySettled): Vector<string> {
  const measure: Vector<string> = alert.measure(settings);
  const limit = alert.above?.(settings);
  const over = limit === undefined ? measure : above(measure, limit);
  const floor = alert.onlyWith?.(settings);
  return floor ? and(over, floor) : over;
}

/** All alerts by name, those that are switched off too. Throws one sentence when an override is wrong. */
export function resolveAlerts(overrides: AlertOverrides = {}, runbookBaseUrl?: string): ResolvedAlerts {
  checkOverrides(overrides);
  checkRunbookBaseUrl(runbookBaseUrl);
  const find = (name: string) => {
    const found = allAlerts.find((alert) => alert.name === name);
    if (!found) throw new RangeError(`${name} is named by another alert but does not exist`);
    return found;
  };
  const settled = (alert: NamedAlert): AnySettled => {
    const followed = alert.follows && find(alert.follows.name);
    return {
      ...settingsOf(alert, overrides[alert.name]),
      followed: followed ? settingsOf(followed, overrides[followed.name]) : {},
    };
  };

  function resolve(alert: NamedAlert): ResolvedAlert {
    const settings = settingsOf(alert, overrides[alert.name]);
    const given = settled(alert);
    const override = overrides[alert.name] ?? {};
    const limit = alert.above?.(given);
    const measure = alert.measure(given);
    const condition = conditionOf(alert, given);
    const better = alert.silentDuring === undefined ? undefined : find(alert.silentDuring);
    const silenced = better && (overrides[better.name]?.enabled ?? true);
    const expression = silenced ? unless(condition, conditionOf(better, settled(better)), []) : condition;
    return {
      name: alert.name,
      enabled: override.enabled ?? true,
      severity: override.severity ?? alert.severity,
      group: alert.group,
      settings,
      settled: given,
      unit: alert.unit ?? 'none',
      labels: measure.labels,
      measure: measure.promql,
      limit: typeof limit === 'number' ? limit : undefined,
      limitExpression: typeof limit === 'object' ? limit.promql : undefined,
      expression: expression.promql,
      for: settings.for as Duration | undefined,
      keepFiringFor: override.keepFiringFor ?? alert.keepFiringFor ?? KEEP_FIRING_FOR,
      burst: alert.burst?.(given),
      action: alert.action,
      runbook: alert.runbook,
      runbookUrl: runbookUrl(alert.runbook, runbookBaseUrl),
      definition: alert,
    };
  }
  return Object.fromEntries(allAlerts.map((alert) => [alert.name, resolve(alert)])) as ResolvedAlerts;
}
