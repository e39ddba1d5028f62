/** What an alert is: one definition that the rule, its tests, its routing, its page and its panels derive from. */

import type { BurstWindow } from '../collector/catalogue/burst-window.ts';
import type { Duration, Vector } from '../collector/catalogue/promql.ts';
import type { AlertTest } from './test-case.ts';

/** `critical` pages a human at any hour, `warning` goes to chat or a ticket, `none` only drives other machinery. */
export const severities = ['critical', 'warning', 'none'] as const;
export type Severity = (typeof severities)[number];

/** What a user may change about the measure: limits, windows and traffic floors, by name with their units. */
export type Settings = Readonly<Record<string, number | Duration>>;

/** `5s` for alerts whose measure is a burst or whose delay counts, else `15s`. */
export type RuleGroup = 'fast' | 'slow';

/** The labels of the firing series, for wording. */
export type Labels<L extends string> = { readonly [N in L]: string };

/** The measured value, for wording: the same number in the unit the reader wants. */
export interface Value {
  readonly number: string;
  readonly percent: string;
  readonly seconds: string;
}

export interface AlertDefinition<N extends string, S extends Settings, L extends string> {
  /** UpperCamelCase; also the key in `stack.config.ts`. */
  readonly name: N;
  readonly severity: Severity;
  readonly group: RuleGroup;
  readonly settings: S;
  /** What is measured; the annotation's value and the panel's line. */
  readonly measure: (settings: S) => Vector<L>;
  /** The measure fires above this. A number is drawn as the panel's threshold. */
  readonly above: (settings: S) => number | Vector<NoInfer<L>>;
  /** Fires only where this has a series with the same labels: a floor under the traffic. */
  readonly onlyWith?: (settings: S) => Vector<NoInfer<L>>;
  /** Silent while this has any series. */
  readonly unless?: (settings: S) => Vector<never>;
  /** The burst the collector must count for this alert, since no PromQL over a sampled counter can. */
  readonly burst?: (settings: S) => BurstWindow;
  readonly for?: Duration;
  /** At least Alertmanager's `group_interval`, or an alert that joins a living group is lost when it is short. */
  readonly keepFiringFor?: Duration;
  readonly summary: (labels: Labels<L>, value: Value, settings: S) => string;
  readonly description: (labels: Labels<L>, value: Value, settings: S) => string;
  /** What the human does first: an act with an object, never only "look at". */
  readonly action: string;
  /** File name in `runbooks/`, without `.md`. */
  readonly runbook: `ir-${string}`;
  readonly tests: (settings: S) => readonly AlertTest[];
}

/** Any alert definition, for code that treats all alike. */
// biome-ignore lint/suspicious/noExplicitAny: settings and labels differ from alert to alert
export type AnyAlert = AlertDefinition<string, any, any>;

type Widened<V> = V extends number ? number : V extends Duration ? Duration : V;

/** What `stack.config.ts` may say about one alert. */
export type Override<A> =
  A extends AlertDefinition<string, infer S, string>
    ? { readonly [K in keyof S]?: Widened<S[K]> } & {
        readonly enabled?: boolean;
        readonly severity?: Severity;
        readonly keepFiringFor?: Duration;
      }
    : never;

export const alert = <const N extends string, S extends Settings, L extends string>(
  definition: AlertDefinition<N, S, L>,
): AlertDefinition<N, S, L> => definition;
