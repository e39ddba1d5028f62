/**
 * When Alertmanager tells of an alert. `groupWait` is the time from the first alert of a group to its notification,
 * `groupInterval` the time until alerts that join the group are told of, `repeatInterval` the time until a reminder.
 */
import { secondsOf } from '../../collector/catalogue/duration.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';

export interface Timers {
  readonly groupWait: Duration;
  readonly groupInterval: Duration;
  readonly repeatInterval: Duration;
}

export const timers = {
  /** At once. Every page is a group of its own, so none waits for a group's next turn. */
  critical: { groupWait: '0s', groupInterval: '1m', repeatInterval: '1h' },
  /** Alerts of one cause come within seconds of each other and make one message. */
  warning: { groupWait: '15s', groupInterval: '2m', repeatInterval: '12h' },
  /** A few times a day: what nobody has to act on at once. */
  digest: { groupWait: '30m', groupInterval: '2h', repeatInterval: '24h' },
  /** Every minute; the repeat is rounded up to a multiple of the interval. */
  deadman: { groupWait: '0s', groupInterval: '1m', repeatInterval: '1m' },
} as const satisfies Record<string, Timers>;

/** An alert that ends sooner than this may never be told of. */
export function shortestLifeSeconds({ digest = false }: { readonly digest?: boolean }): number {
  const { digest: inDigest, ...atOnce } = timers;
  const groups = digest ? [inDigest] : Object.values(atOnce);
  return Math.max(...groups.map(({ groupInterval }) => secondsOf(groupInterval)));
}
