/**
 * Finds content that leaves a little a day: what each principal sends to each destination, over sessions and days.
 *
 * Volume is counted in distinct fingerprints (winnowing; about 118 for 1,000 letters), so that templates and repeats weigh
 * nothing. A destination that nobody used until a fortnight ago is told of when one principal keeps sending new content to
 * it, more steadily than all but one in a hundred of the new destinations that lasted so long before; an export of one day
 * is other detectors' business, and a destination that several principals take up is a new service. The same is summed over
 * all of a principal's new destinations, or an attacker would change them. To an old destination a CUSUM on the logarithm of the
 * daily volume supports other evidence (h = 10, k = 0.5; about one false alarm in 20 destinations in 60 days).
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { Call, SessionFacts } from '../call.ts';
import { destinationsOf } from '../destinations.ts';
import type { Detector, Report } from '../detector.ts';
import { streamOf } from '../taint/stream.ts';
import { winnow } from '../taint/winnow.ts';
import { hashText, join, keyed, newKey } from '../text/hash.ts';
import { ALARM, Pair, savedPairSchema, YOUNG_DAYS } from './pair.ts';

const DAY_MS = 86_400_000;
const MAXIMUM_PAIRS = 10_000;
const MAXIMUM_DESTINATIONS = 20_000;
const MAXIMUM_PRINCIPALS = 10_000;
/** Destinations of one call. */
const MAXIMUM_OF_CALL = 8;
/** Days with new content before a slow leak is one; what takes fewer is not slow. */
const LEAK_DAYS = 5;
/** Distinct fingerprints below which nothing is told of: some 2,500 letters. */
const LEAK_FINGERPRINTS = 300;
/** Highest steadiness of new destinations that lasted, and the share of them that a leak is above. */
const MAXIMUM_PEAKS = 1_000;
const RARE = 0.01;
/** Below it nothing is said; below 1 / RARE, a leak is above all of them. */
const MINIMUM_PEAKS = 20;
/** Principals from which a new destination is a service. */
const SERVICE_PRINCIPALS = 3;
/** Days of traffic before a destination can be new. */
const LEARNING_DAYS = 14;
/** Stands for all new destinations of a principal. */
const ALL_NEW = '*';

const count = Type.Integer({ minimum: 0 });
const savedSchema = Type.Object({
  key: Type.Integer(),
  sinceDay: Type.Optional(Type.Integer()),
  pairs: Type.Array(Type.Tuple([Type.String(), savedPairSchema])),
  destinations: Type.Array(
    Type.Tuple([Type.String(), Type.Object({ firstDay: Type.Integer(), principals: Type.Array(count) })]),
  ),
  principals: Type.Array(Type.Tuple([Type.String(), Type.Integer()])),
  peaks: Type.Array(Type.Number()),
  peaksOfAll: Type.Array(Type.Number()),
});
const savedCheck = Compile(savedSchema);

export class SlowExfiltration implements Detector<undefined> {
  readonly name = 'slow_exfiltration';
  readonly #pairs = new Bounded<Pair>(MAXIMUM_PAIRS);
  readonly #destinations = new Bounded<{ readonly firstDay: number; readonly principals: number[] }>(
    MAXIMUM_DESTINATIONS,
  );
  readonly #principals = new Bounded<{ readonly firstDay: number }>(MAXIMUM_PRINCIPALS);
  /** Highest steadiness of one new destination, and of all of a principal's together. */
  #peaks: number[] = [];
  #peaksOfAll: number[] = [];
  #sinceDay: number | undefined;
  /** Saved with what it hashed. */
  #key = newKey();

  open(): undefined {
    return undefined;
  }

  cares(call: Call): boolean {
    return call.risk.outward && call.arguments !== undefined;
  }

  observe(call: Call, session: SessionFacts, _state: undefined, report: Report): void {
    if (call.arguments === undefined || !call.risk.outward) return;
    const day = Math.floor(call.timeMs / DAY_MS);
    this.#sinceDay ??= day;
    const destinations = destinationsOf(call).filter(({ kind }) => kind !== 'name');
    if (destinations.length === 0) return;
    const fingerprints = winnow(streamOf(call.arguments));
    let isNew = false;
    const settled = this.#isSettled(session.principal, day);
    for (const { value, shown } of destinations.slice(0, MAXIMUM_OF_CALL)) {
      const young = this.#isNew(value, session.principal, day) && settled;
      isNew ||= young;
      const pair = this.#sent(session.principal, value, day, fingerprints);
      if (young) this.#leak(pair, this.#peaks, shown, call, session, report);
      else if (!pair.isYoung(day)) this.#more(pair, shown, call, session, report);
    }
    if (!isNew) return;
    const all = this.#sent(session.principal, ALL_NEW, day, fingerprints);
    this.#leak(all, this.#peaksOfAll, undefined, call, session, report);
  }

  /** Pairs and destinations that had to make room. */
  evicted(): number {
    return this.#pairs.evicted + this.#destinations.evicted + this.#principals.evicted;
  }

  snapshot(): unknown {
    return {
      key: this.#key,
      ...(this.#sinceDay === undefined ? {} : { sinceDay: this.#sinceDay }),
      pairs: [...this.#pairs.entries()].map(([name, pair]) => [name, pair.snapshot()]),
      destinations: [...this.#destinations.entries()],
      principals: [...this.#principals.entries()].map(([name, { firstDay }]) => [name, firstDay]),
      peaks: [...this.#peaks],
      peaksOfAll: [...this.#peaksOfAll],
    };
  }

  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#key = saved.key;
    this.#sinceDay = saved.sinceDay;
    for (const [name, pair] of saved.pairs)
      this.#pairs.use(name, () => new Pair(pair.firstDay)).restore(pair);
    for (const [name, { firstDay, principals }] of saved.destinations)
      this.#destinations.use(name, () => ({ firstDay, principals: principals.slice(0, SERVICE_PRINCIPALS) }));
    for (const [name, firstDay] of saved.principals) this.#principals.use(name, () => ({ firstDay }));
    this.#peaks = saved.peaks.slice(-MAXIMUM_PEAKS);
    this.#peaksOfAll = saved.peaksOfAll.slice(-MAXIMUM_PEAKS);
    return true;
  }

  /** All destinations of a new principal are new. */
  #isSettled(principal: string, day: number): boolean {
    const { firstDay } = this.#principals.use(keyed(hashText(principal), this.#key).toString(36), () => ({
      firstDay: day,
    }));
    return day - firstDay >= LEARNING_DAYS;
  }

  /** New to everybody, and so far used by few. */
  #isNew(destination: string, principal: string, day: number): boolean {
    const known = this.#destinations.use(keyed(hashText(destination), this.#key).toString(36), () => ({
      firstDay: day,
      principals: [],
    }));
    const own = keyed(hashText(principal), this.#key);
    if (known.principals.length < SERVICE_PRINCIPALS && !known.principals.includes(own))
      known.principals.push(own);
    return (
      known.principals.length < SERVICE_PRINCIPALS &&
      day - known.firstDay < YOUNG_DAYS &&
      known.firstDay - (this.#sinceDay as number) >= LEARNING_DAYS
    );
  }

  #sent(principal: string, destination: string, day: number, fingerprints: Uint32Array): Pair {
    const name = keyed(join(hashText(principal), hashText(destination)), this.#key).toString(36);
    const of = destination === ALL_NEW ? this.#peaksOfAll : this.#peaks;
    let pair = this.#pairs.use(name, () => new Pair(day));
    const grewUp = pair.isYoung(pair.day) && !pair.isYoung(day);
    if (grewUp) {
      // Whether told of or not: else what is told of too often would stay rare for ever.
      if (pair.peak > 0) {
        of.push(pair.peak);
        if (of.length > MAXIMUM_PEAKS) of.shift();
      }
      if (destination === ALL_NEW) {
        this.#pairs.delete(name);
        pair = this.#pairs.use(name, () => new Pair(day));
      }
    }
    pair.turn(day);
    for (const hash of fingerprints) pair.content.add(keyed(hash, this.#key));
    return pair;
  }

  #leak(
    pair: Pair,
    peaks: readonly number[],
    destination: string | undefined,
    call: Call,
    session: SessionFacts,
    report: Report,
  ): void {
    if (pair.days < LEAK_DAYS) return;
    const { steadiness } = pair;
    pair.peak = Math.max(pair.peak, steadiness);
    const volume = pair.content.count;
    if (pair.days <= pair.told || volume < LEAK_FINGERPRINTS) return;
    const asSteady = peaks.filter((peak) => peak >= steadiness).length;
    const chance = (asSteady + 1) / (peaks.length + 1);
    if (chance > RARE && (asSteady > 0 || peaks.length < MINIMUM_PEAKS)) return;
    pair.told = pair.days;
    const since = pair.day - pair.firstDay + 1;
    report(session, {
      detector: 'slow_exfiltration',
      certainty: destination === undefined ? 'supporting' : 'scored',
      score: -Math.log(chance) + Math.log2(volume / LEAK_FINGERPRINTS),
      message: `${destination === undefined ? 'All new destinations of this principal together' : `\`${destination}\``}: ${volume} distinct fragments on ${pair.days} of ${since} days, ${destination === undefined ? 'to places' : 'a place'} that nobody used before; of ${peaks.length} other new destinations that lasted, ${asSteady} got as much as steadily.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [call.index],
        ...(destination === undefined ? {} : { destination }),
        baseline: { fragments: volume, days: pair.days, since, destinations: peaks.length, asSteady },
      },
    });
  }

  #more(pair: Pair, destination: string, call: Call, session: SessionFacts, report: Report): void {
    const sum = pair.cusum();
    if (sum < ALARM || pair.told === pair.day) return;
    pair.told = pair.day;
    report(session, {
      detector: 'slow_exfiltration',
      certainty: 'supporting',
      score: sum / ALARM,
      message: `\`${destination}\` has received more from this principal for days: ${pair.content.count} distinct fragments today, the median day had ${pair.median}.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [call.index],
        destination,
        baseline: {
          fragments: pair.content.count,
          median: pair.median,
          sum: Math.round(sum),
          threshold: ALARM,
        },
      },
    });
  }
}
