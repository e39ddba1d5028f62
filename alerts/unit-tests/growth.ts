/** Unit tests that every alert on the growth of a counter shares. */
import { secondsOf } from '../../collector/catalogue/duration.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';
import { type AlertTest, fires, hold, type InputSeries, nothing, SCRAPE, silent } from '../test-case.ts';

interface Watched<L extends string> {
  readonly above: number;
  readonly window: Duration;
  /** The setting `for`, in seconds. */
  readonly forSeconds?: number;
  readonly heldSeconds: number;
  /** What is counted, such as `refused events`. */
  readonly what: string;
  /** The labels that the alert shows for the counter of `input`. */
  readonly labels: { readonly [N in L]: string };
  /** The input series of the alert's counters, where one of them has these values and the others stay at 0. */
  readonly input: (values: string) => readonly InputSeries[];
}

/** The scrape that shows the growth, and its time; a multiple of the rules' interval. */
const SCRAPES_BEFORE = 12;
const SEEN = 60;

export function growthTests<L extends string>(watched: Watched<L>): AlertTest<L>[] {
  const { above, window, forSeconds = 0, heldSeconds, what, labels, input } = watched;
  const windowSeconds = secondsOf(window);
  const over = { labels, value: above + 1 };
  // With a waiting time the counter must grow on, once within each window, which is open on its left.
  const rises = 1 + Math.ceil(forSeconds / windowSeconds);
  const grows = (from: number) =>
    Array.from({ length: rises }, (_, i) => hold(from + (i + 1) * (above + 1), windowSeconds / 5 - 1)).join(
      ' ',
    );
  const due = SEEN + forSeconds;
  const test = (name: string, values: string, ...expect: AlertTest<L>['expect']): AlertTest<L> => ({
    name,
    interval: SCRAPE,
    input: input(values),
    expect,
  });
  return [
    test(
      `${what} at the limit stay silent`,
      `${hold(7, SCRAPES_BEFORE)} ${hold(7 + above)}`,
      silent(SEEN),
      silent(due),
      silent(due + windowSeconds),
    ),
    test(
      `one above the limit fires, until the window and the hold have passed`,
      `${hold(7, SCRAPES_BEFORE)} ${grows(7)} stale`,
      silent(due - 15),
      fires(due, over),
      silent(due + 2 * windowSeconds + heldSeconds + 60),
    ),
    test(
      `the first ${what} ever fire`,
      `${nothing(SCRAPES_BEFORE - 6)} ${hold(0, 6)} ${grows(0)}`,
      silent(due - 15),
      fires(due, over),
    ),
    test(
      `${what} of the past stay silent while nothing is added, also when one scrape fails and after a restart`,
      `${hold(1_000, SCRAPES_BEFORE)} stale ${hold(1_000, 6)} stale ${nothing(6)} ${hold(0)}`,
      silent(due),
      silent(due + windowSeconds),
      silent(due + 600),
    ),
    test(
      `${what} after a restart count from there`,
      `${hold(1_000, SCRAPES_BEFORE - 6)} stale ${hold(0, 5)} ${grows(0)}`,
      silent(due - 15),
      fires(due, over),
    ),
  ];
}
