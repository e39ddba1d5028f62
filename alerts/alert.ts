/** What an alert is: one definition that the rule, its tests, its routing, its page and its panels derive from. */
import type { BurstWindow } from '../collector/catalogue/burst-window.ts';
import { evaluationSeconds } from '../collector/catalogue/evaluation.ts';
import type { Unit } from '../collector/catalogue/metric.ts';
import type { Duration, Vector } from '../collector/catalogue/promql.ts';
import { onlySaysToLook } from './action.ts';
import type { AlertTest } from './test-case.ts';

/** `critical` pages a human at any hour, `warning` goes to chat or a ticket, `none` only drives other machinery. */
export const severities = ['critical', 'warning', 'none'] as const;
export type Severity = (typeof severities)[number];

/**
 * What a user may change about the measure: limits, windows and traffic floors, by name with their units. The setting
 * `for` is how long the condition must hold before the alert fires; a burst is over sooner, so its alerts have none.
 */
export type Settings = Readonly<Record<string, number | Duration>>;

/** Settings as they are given to the definition: of the same kinds, but perhaps not the defaults. */
export type Given<S> = {
  readonly [K in keyof S]: S[K] extends number ? number : S[K] extends Duration ? Duration : S[K];
};

/** What a definition works with: its own settings, and those of the alert it follows. */
export type Settled<S, O> = Given<S> & { readonly followed: Given<O> };

/** `fast` for alerts whose delay counts, `slow` for rates over minutes, `pipeline` for the monitor's own health. */
export const ruleGroups = {
  fast: { name: 'mcp-fast', interval: `${evaluationSeconds.fast}s` },
  slow: { name: 'mcp-slow', interval: `${evaluationSeconds.slow}s` },
  pipeline: { name: 'pipeline', interval: `${evaluationSeconds.pipeline}s` },
} as const satisfies Record<string, { name: string; interval: Duration }>;
export type RuleGroup = keyof typeof ruleGroups;

/** The labels of the firing series, for wording. */
export type Labels<L extends string> = { readonly [N in L]: string };

/** The measured value, for wording: the same number in the unit the reader wants. */
export interface Value {
  readonly number: string;
  readonly percent: string;
  readonly seconds: string;
}

/**
 * An alert that joins a group Alertmanager has already told of waits for the group's next turn, and is never told of
 * if it ends before: so every alert outlives the longest of these turns (`routing/timers.ts`).
 */
export const KEEP_FIRING_FOR: Duration = '5m';

/** `L` are the labels of the firing series, `O` the settings of the alert that is followed. */
export interface AlertDefinition<
  N extends string,
  S extends Settings,
  L extends string,
  O extends Settings = Record<never, never>,
> {
  /** UpperCamelCase; also the key in `stack.config.ts`. */
  readonly name: N;
  readonly severity: Severity;
  readonly group: RuleGroup;
  /** Unit of the measure and its limit. */
  readonly unit?: Unit;
  readonly settings: S;
  /** The alert whose settings are given as `followed`, for two that measure the same. */
  readonly follows?: { readonly name: string; readonly settings: O };
  /** What is measured; the annotation's value and the panel's line. */
  readonly measure: (settings: Settled<S, O>) => Vector<L>;
  /** The measure fires above this; without it, whenever it has a series. A number is drawn as the panel's threshold. */
  readonly above?: (settings: Settled<S, O>) => number | Vector<NoInfer<L>>;
  /** Fires only where this has a series with the same labels: a floor under the traffic. */
  readonly onlyWith?: (settings: Settled<S, O>) => Vector<NoInfer<L>>;
  /** Name of an alert that says it better: this one is silent and inhibited while that one's condition holds. */
  readonly silentDuring?: string;
  /** The burst the collector must count for this alert, since no PromQL over a sampled counter can. */
  readonly burst?: (settings: Settled<S, O>) => BurstWindow;
  /** What is wrong with settings of the right types, as the end of a sentence that began with the alert's name. */
  readonly refuse?: (settings: Settled<S, O>) => string | undefined;
  /** How long it stays once the condition has ended. */
  readonly keepFiringFor?: Duration;
  /** Told of together with others a few times a day, and not when it fires. */
  readonly digest?: true;
  readonly summary: (labels: Labels<L>, value: Value, settings: Settled<S, O>) => string;
  readonly description: (labels: Labels<L>, value: Value, settings: Settled<S, O>) => string;
  /** What the human does first: an act with an object, never only "look at". */
  readonly action: string;
  /** File name in `runbooks/`, without `.md`. */
  readonly runbook: `ir-${string}`;
  /** `heldSeconds` is how long the alert stays once the condition has ended. */
  readonly tests: (settings: Settled<S, O>, heldSeconds: number) => readonly AlertTest<NoInfer<L>>[];
}

/** The settings of any alert, with those of the one it follows. */
export interface AnySettled {
  readonly [setting: string]: Settings[string] | Settings;
  readonly followed: Settings;
}

/** Any alert definition, for code that treats all alike. */
// biome-ignore lint/suspicious/noExplicitAny: settings and labels differ from alert to alert
export type AnyAlert = AlertDefinition<string, any, any, any>;

/** What `stack.config.ts` may say about one alert. */
export type Override<A extends { readonly settings: Settings }> = {
  readonly [K in keyof A['settings']]?: Given<A['settings']>[K];
} & {
  readonly enabled?: boolean;
  readonly severity?: Severity;
  readonly keepFiringFor?: Duration;
};

/** Throws when the action tells nobody what to do: an alert without an act is noise. */
export function alert<
  const N extends string,
  S extends Settings,
  L extends string,
  O extends Settings = Record<never, never>,
>(definition: AlertDefinition<N, S, L, O>): AlertDefinition<N, S, L, O> {
  if (onlySaysToLook(definition.action)) {
    throw new Error(
      `${definition.name}: the action "${definition.action}" only says to look; name what to do, such as "disable the tool"`,
    );
  }
  return definition;
}
