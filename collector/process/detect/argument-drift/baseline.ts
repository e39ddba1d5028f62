/**
 * What the values of one argument look like, and when they stop looking so.
 *
 * Each of the features of a value (see `fingerprint.ts`) has a tail probability: empirical up to the 90th percentile of the
 * last 200 learnt values, exponential beyond it (peaks over threshold, Pickands 1975). The sum of their negative logarithms
 * has one in the same way, which allows for features that go together (Fisher 1932): that is the value's p. The alarm is a CUSUM (Page 1954) over log e-values: e = 1 - q + q · ε · p^(ε - 1), with
 * q = 0.25 of the values supposed to have drifted. Were p uniform, E[e] would be 1 and the mean run between false alarms at
 * least e^h (Lorden 1971), 440,000 values for h = 13; on values of tasks that taught nothing 2 in 100,000 were measured.
 */
import Type, { type Static } from 'typebox';
import { FEATURES, type Fingerprint, TRIGRAM_BITS } from './fingerprint.ts';

const VALUES = 200;
/** Values before anything is said. */
export const MINIMUM_VALUES = 100;
/** Learnt values after which the tails are measured anew, while there are few and later. */
const REFRESH = 20;
const LATER_REFRESH = 100;
const CONTAMINATION = 0.25;
const EPSILON = 0.2;
export const ALARM = 13;
const TAIL = 0.1;
const LEAST_P = 1e-5;
/** Counted as unlike the others where the numbers are told. */
const UNLIKE_P = 0.02;
/** Values after an alarm in which nothing more is said, so that a new use becomes the usual one. */
const QUIET = 100;
const FEATURE_COUNT = FEATURES.length;
/** Trigrams that are a text's oddest part. */
const ODDEST = 6;
const SHORT = 8;
const UNMEASURED = 30;
const TRIGRAMS = 2 ** TRIGRAM_BITS;

const count = Type.Integer({ minimum: 0 });
export const savedBaselineSchema = Type.Object({
  seen: count,
  values: Type.String(),
  trigrams: Type.String(),
});

const odd = new Float32Array(ODDEST);
const measured = new Float32Array(FEATURE_COUNT);

interface Tail {
  readonly sorted: Float32Array;
  readonly from: number;
  readonly mean: number;
}

/** What a value brought about. */
export interface Verdict {
  readonly p: number;
  readonly alarm: boolean;
  /** Since the sum was last 0: values, and those unlike the others. */
  readonly run: number;
  readonly unlike: number;
  /** Feature that is most unlike, and its number. */
  readonly feature: number;
  readonly value: number;
  readonly median: number;
}

export class Baseline {
  seen = 0;
  readonly #values = new Float32Array(VALUES * FEATURE_COUNT);
  readonly #trigrams = new Uint16Array(TRIGRAMS);
  #trigramTotal = 0;
  #tails: { readonly tails: readonly Tail[]; readonly joint: Tail } | undefined;
  #sum = 0;
  #run = 0;
  #unlike = 0;
  #quiet = 0;

  get ready(): boolean {
    return this.seen >= MINIMUM_VALUES;
  }

  /** Surprise at a value's shape under those learnt, in bits: of its trigrams on average, and of the oddest. */
  #measureShape({ trigrams }: Fingerprint): void {
    let sum = 0;
    odd.fill(0);
    for (const trigram of trigrams) {
      const bits = -Math.log2(
        ((this.#trigrams[trigram] as number) + 0.5) / (this.#trigramTotal + TRIGRAMS / 2),
      );
      sum += bits;
      let place = ODDEST - 1;
      if (bits <= (odd[place] as number)) continue;
      for (; place > 0 && (odd[place - 1] as number) < bits; place--) odd[place] = odd[place - 1] as number;
      odd[place] = bits;
    }
    let oddest = 0;
    for (const bits of odd) oddest += bits;
    // As if a few trigrams of no surprise came first: the average of a short text says little.
    measured[2] = sum / (trigrams.length + SHORT);
    measured[3] = oddest / ODDEST;
  }

  #measureValue(fingerprint: Fingerprint): void {
    measured[0] = fingerprint.punctuation;
    measured[1] = Math.log2(1 + fingerprint.token);
    this.#measureShape(fingerprint);
  }

  learn(fingerprint: Fingerprint): void {
    // Its shape is measured before it is learnt, as that of a value to be judged will be.
    const at = (this.seen % VALUES) * FEATURE_COUNT;
    this.#measureValue(fingerprint);
    this.#values.set(measured, at);
    for (const trigram of fingerprint.trigrams) {
      this.#trigrams[trigram] = (this.#trigrams[trigram] as number) + 1;
      this.#trigramTotal++;
      if ((this.#trigrams[trigram] as number) >= 30_000) this.#age();
    }
    this.seen++;
    if (this.#quiet > 0) this.#quiet--;
    if (this.seen % (this.seen < 2 * VALUES ? REFRESH : LATER_REFRESH) === 0) this.#tails = undefined;
  }

  judge(fingerprint: Fingerprint): Verdict {
    this.#measureValue(fingerprint);
    const { tails, joint } = this.#measure();
    let least = 1;
    let feature = 0;
    let surprise = 0;
    for (let i = 0; i < FEATURE_COUNT; i++) {
      const p = tailOf(tails[i] as Tail, measured[i] as number);
      surprise -= Math.log(p);
      if (p >= least) continue;
      least = p;
      feature = i;
    }
    const p = tailOf(joint, surprise);
    const evidence = Math.log(1 - CONTAMINATION + CONTAMINATION * EPSILON * p ** (EPSILON - 1));
    if (this.#sum === 0) this.#run = this.#unlike = 0;
    this.#sum = Math.max(0, this.#sum + evidence);
    this.#run++;
    if (p <= UNLIKE_P) this.#unlike++;
    const alarm = this.#sum >= ALARM && this.#quiet === 0;
    const { run } = this;
    const verdict = {
      p,
      alarm,
      run,
      unlike: this.#unlike,
      feature,
      value: feature === 1 ? fingerprint.token : (measured[feature] as number),
      median: medianOf(tails[feature] as Tail, feature),
    };
    if (this.#sum >= ALARM) {
      this.#sum = 0;
      if (alarm) this.#quiet = QUIET;
    }
    return verdict;
  }

  get run(): number {
    return this.#run;
  }

  snapshot(): Static<typeof savedBaselineSchema> {
    return {
      seen: this.seen,
      values: Buffer.from(this.#values.buffer).toString('base64'),
      trigrams: Buffer.from(this.#trigrams.buffer).toString('base64'),
    };
  }

  restore(saved: Static<typeof savedBaselineSchema>): void {
    const values = Buffer.from(saved.values, 'base64');
    const trigrams = Buffer.from(saved.trigrams, 'base64');
    if (values.length !== this.#values.byteLength || trigrams.length !== this.#trigrams.byteLength) return;
    for (let i = 0; i < this.#values.length; i++) this.#values[i] = values.readFloatLE(i * 4);
    for (let i = 0; i < TRIGRAMS; i++) this.#trigrams[i] = trigrams.readUInt16LE(i * 2);
    this.#trigramTotal = this.#trigrams.reduce((sum, times) => sum + times, 0);
    this.seen = saved.seen;
  }

  #age(): void {
    this.#trigramTotal = 0;
    for (let i = 0; i < TRIGRAMS; i++) {
      this.#trigrams[i] = (this.#trigrams[i] as number) >>> 1;
      this.#trigramTotal += this.#trigrams[i] as number;
    }
  }

  #measure(): { readonly tails: readonly Tail[]; readonly joint: Tail } {
    if (this.#tails) return this.#tails;
    const known = Math.min(VALUES, this.seen);
    // The first values were measured while there was little to measure their shape by.
    const from = this.seen < VALUES ? Math.min(known >>> 1, UNMEASURED) : 0;
    const measuredAt = (i: number, feature: number) =>
      this.#values[(from + i) * FEATURE_COUNT + feature] as number;
    const tails = FEATURES.map((_, feature) =>
      tailFrom(Float32Array.from({ length: known - from }, (_, i) => measuredAt(i, feature))),
    );
    const surprises = Float32Array.from({ length: known - from }, (_, i) =>
      tails.reduce((sum, tail, feature) => sum - Math.log(tailOf(tail, measuredAt(i, feature))), 0),
    );
    this.#tails = { tails, joint: tailFrom(surprises) };
    return this.#tails;
  }
}

function tailFrom(values: Float32Array): Tail {
  const sorted = values.sort();
  const begins = Math.floor((1 - TAIL) * sorted.length);
  const threshold = sorted[begins] as number;
  let excess = 0;
  for (let i = begins; i < sorted.length; i++) excess += (sorted[i] as number) - threshold;
  return { sorted, from: threshold, mean: excess / (sorted.length - begins) };
}

/** Chance of a value as high or higher. */
function tailOf({ sorted, from, mean }: Tail, value: number): number {
  if (value > from) return Math.max(LEAST_P, TAIL * Math.exp((from - value) / Math.max(mean, 1e-3)));
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return (sorted.length - low + 1) / (sorted.length + 1);
}

function medianOf({ sorted }: Tail, feature: number): number {
  const median = sorted[sorted.length >>> 1] as number;
  return feature === 1 ? 2 ** median - 1 : median;
}
