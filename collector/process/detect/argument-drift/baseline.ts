/**
 * What the values of one argument look like, and when they stop looking so.
 *
 * Each of the features of a value (see `features.ts`) has a tail probability: empirical up to the 90th percentile of the
 * last 200 learnt values, exponential beyond it (peaks over threshold, Pickands 1975). The least of them, times how many
 * there are (Bonferroni), is the value's p: code betrays itself by its marks, encoded data by its tokens, anything else by
 * its shape. The alarm is a CUSUM (Page 1954) over log e-values: e = 1 - q + q times the mean of [p ≤ a] / a over four
 * levels a, with q = 0.2 of the values supposed to have drifted. Were p uniform, E[e] would be at most 1 and the mean run
 * between false alarms at least e^h (Lorden 1971). Values of tasks that taught nothing are odder than that; with h = 11
 * they brought about 2 alarms in 960,000 values, in 80 divisions of the recorded tasks of which none is judged.
 */
import Type, { type Static } from 'typebox';
import { counted, FAMILIES, FEATURES, type Feature } from './features.ts';
import { type Fingerprint, TRIGRAM_BITS } from './fingerprint.ts';
import { medianOf, type Tail, tailFrom, tailOf } from './tail.ts';

const VALUES = 200;
/** Values before anything is said. */
export const MINIMUM_VALUES = 100;
/** Learnt values after which the tails are measured anew, while there are few and later. */
const REFRESH = 20;
const LATER_REFRESH = 100;
const CONTAMINATION = 0.2;
const LEVELS = [0.02, 0.01, 0.005, 0.002] as const;
export const ALARM = 11;
/** Counted as unlike the others where the numbers are told. */
const UNLIKE_P = LEVELS[0];
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

/** What a value brought about. */
export interface Verdict {
  readonly p: number;
  readonly alarm: boolean;
  /** Since the sum was last 0: values, and those unlike the others. */
  readonly run: number;
  readonly unlike: number;
  /** Feature that is most unlike, and its number as people count it. */
  readonly feature: number;
  readonly value: number;
  readonly median: number;
}

export class Baseline {
  seen = 0;
  readonly #values = new Float32Array(VALUES * FEATURE_COUNT);
  readonly #trigrams = new Uint16Array(TRIGRAMS);
  #trigramTotal = 0;
  #tails: readonly Tail[] | undefined;
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
    measured[3] = sum / (trigrams.length + SHORT);
    measured[4] = oddest / ODDEST;
  }

  #measureValue(fingerprint: Fingerprint): void {
    measured[0] = Math.log2(1 + fingerprint.code);
    measured[1] = Math.log2(1 + fingerprint.token);
    measured[2] = Math.log2(1 + fingerprint.changes);
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
    const tails = this.#measure();
    let p = 1;
    let feature = 0;
    for (let i = 0; i < FEATURES.length; i++) {
      const { shares } = FEATURES[i] as Feature;
      const one = FAMILIES * shares * tailOf(tails[i] as Tail, measured[i] as number);
      if (one >= p) continue;
      p = one;
      feature = i;
    }
    const evidence = evidenceOf(p);
    if (this.#sum === 0) this.#run = this.#unlike = 0;
    this.#sum = Math.max(0, this.#sum + evidence);
    this.#run++;
    if (p <= UNLIKE_P) this.#unlike++;
    const alarm = this.#sum >= ALARM && this.#quiet === 0;
    const verdict = {
      p,
      alarm,
      run: this.#run,
      unlike: this.#unlike,
      feature,
      value: counted(feature, measured[feature] as number),
      median: counted(feature, medianOf(tails[feature] as Tail)),
    };
    if (this.#sum >= ALARM) {
      this.#sum = 0;
      if (alarm) this.#quiet = QUIET;
    }
    return verdict;
  }

  snapshot(): Static<typeof savedBaselineSchema> {
    return {
      seen: this.seen,
      values: Buffer.from(this.#values.buffer).toString('base64'),
      trigrams: Buffer.from(this.#trigrams.buffer).toString('base64'),
    };
  }

  /** False when other features were measured then. */
  restore(saved: Static<typeof savedBaselineSchema>): boolean {
    const values = Buffer.from(saved.values, 'base64');
    const trigrams = Buffer.from(saved.trigrams, 'base64');
    if (values.length !== this.#values.byteLength || trigrams.length !== this.#trigrams.byteLength)
      return false;
    for (let i = 0; i < this.#values.length; i++) this.#values[i] = values.readFloatLE(i * 4);
    for (let i = 0; i < TRIGRAMS; i++) this.#trigrams[i] = trigrams.readUInt16LE(i * 2);
    this.#trigramTotal = this.#trigrams.reduce((sum, times) => sum + times, 0);
    this.seen = saved.seen;
    return true;
  }

  #age(): void {
    this.#trigramTotal = 0;
    for (let i = 0; i < TRIGRAMS; i++) {
      this.#trigrams[i] = (this.#trigrams[i] as number) >>> 1;
      this.#trigramTotal += this.#trigrams[i] as number;
    }
  }

  #measure(): readonly Tail[] {
    if (this.#tails) return this.#tails;
    const known = Math.min(VALUES, this.seen);
    // The first values were measured while there was little to measure their shape by.
    const from = this.seen < VALUES ? Math.min(known >>> 1, UNMEASURED) : 0;
    this.#tails = FEATURES.map((feature, i) =>
      tailFrom(
        Float32Array.from(
          { length: known - from },
          (_, value) => this.#values[(from + value) * FEATURE_COUNT + i] as number,
        ),
        feature,
      ),
    );
    return this.#tails;
  }
}

/** What a value says for drift, as the logarithm of its e-value. */
function evidenceOf(p: number): number {
  let odds = 0;
  for (const level of LEVELS) if (p <= level) odds += 1 / level;
  return Math.log(1 - CONTAMINATION + (CONTAMINATION * odds) / LEVELS.length);
}
