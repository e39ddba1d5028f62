/** Which of the expected alerts came, and whether anything else did. */
import type { Notice } from './pager.ts';
import type { Expectation } from './replay/scenarios.ts';

export interface Verdict {
  readonly arrived: readonly { readonly expectation: Expectation; readonly notice: Notice }[];
  readonly missing: readonly Expectation[];
  /** Firing alerts that nobody asked for, once each. */
  readonly unexpected: readonly Notice[];
}

/** Fires always, to prove that alerts arrive. */
const ALWAYS_FIRING = 'Watchdog';

const matches = ({ alert, labels }: Expectation, notice: Notice): boolean =>
  notice.status === 'firing' &&
  notice.labels.alertname === alert &&
  Object.entries(labels).every(([name, value]) => notice.labels[name] === value);

/** The same alert, whoever was told of it. */
const identityOf = ({ labels, status, sinceMs }: Notice): string =>
  JSON.stringify([status, sinceMs, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);

export function judge(expected: readonly Expectation[], notices: readonly Notice[]): Verdict {
  const firing = notices.filter(
    ({ status, labels }) => status === 'firing' && labels.alertname !== ALWAYS_FIRING,
  );
  const found = expected.map((expectation) => ({
    expectation,
    notice: firing.find((notice) => matches(expectation, notice)),
  }));
  const others = firing.filter((notice) => !expected.some((expectation) => matches(expectation, notice)));
  return {
    arrived: found.filter(
      (pair): pair is { expectation: Expectation; notice: Notice } => pair.notice !== undefined,
    ),
    missing: found.filter(({ notice }) => notice === undefined).map(({ expectation }) => expectation),
    unexpected: [...new Map(others.map((notice) => [identityOf(notice), notice])).values()],
  };
}
