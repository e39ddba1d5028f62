/**
 * How often which scores occur, in bounded memory: the highest score of each session in buckets whose bounds grow by a
 * fixed ratio, hence quantiles with a relative error of at most 1 %. Scores from 1e-9 to 1e9 have 2,073 buckets of
 * their own; sessions without a score are counted in one.
 *
 * After Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees",
 * VLDB 2019. Counts are floating, so that old sessions can be forgotten slowly.
 */
import Type, { type Static } from 'typebox';

const RELATIVE_ERROR = 0.01;
const RATIO = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_RATIO = Math.log(RATIO);
const LARGEST = Math.ceil(Math.log(1e9) / LOG_RATIO);
const BUCKETS = 2 * LARGEST + 1;
/** Below this a bucket is empty: what is left of it is what forgetting cannot reach. */
const FORGOTTEN = 1e-3;

export const savedSketchSchema = Type.Object({
  sessions: Type.Number({ minimum: 0 }),
  counts: Type.Array(
    Type.Tuple([Type.Integer({ minimum: 0, maximum: BUCKETS - 1 }), Type.Number({ minimum: 0 })]),
    { maxItems: BUCKETS },
  ),
});
export type SavedSketch = Static<typeof savedSketchSchema>;

export class ScoreSketch {
  /** Sessions by the bucket of their highest score; only those that had one. */
  #counts = new Map<number, number>();
  #sessions = 0;

  /** Sessions counted, those without a score too. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Counts a session by its highest score; 0 when it had none. */
  add(score: number): void {
    this.#sessions++;
    if (score <= 0 || Number.isNaN(score)) return;
    const bucket = bucketOf(score);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
  }

  /**
   * The chance of such a score in a session like those seen: the conformal p-value (1 + sessions that score as much) /
   * (1 + sessions), so never less than the number of sessions allows to claim.
   */
  chanceOf(score: number): number {
    return Math.min(1, (1 + this.#from(bucketOf(score))) / (1 + this.#sessions));
  }

  /** The share of the sessions seen that score above a bound that `boundFor` gave. */
  shareAbove(bound: number): number {
    return this.#sessions === 0
      ? 0
      : this.#from(bound === 0 ? 0 : bucketEndingAt(bound) + 1) / this.#sessions;
  }

  /** The lowest bound that no more than this share of sessions exceeds; undefined while too few were seen to say. */
  boundFor(share: number): number | undefined {
    if (share <= 0 || 1 / (1 + this.#sessions) > share) return undefined;
    const buckets = [...this.#counts].sort(([a], [b]) => b - a);
    let above = 0;
    for (const [bucket, count] of buckets) {
      above += count;
      if ((1 + above) / (1 + this.#sessions) > share) return upperBound(bucket);
    }
    return 0;
  }

  /** Forgets a part of all counts: what is left is `share` of them. */
  forget(share: number): void {
    this.#sessions *= share;
    for (const [bucket, count] of this.#counts) {
      if (count * share < FORGOTTEN) this.#counts.delete(bucket);
      else this.#counts.set(bucket, count * share);
    }
  }

  #from(bucket: number): number {
    let sessions = 0;
    for (const [other, count] of this.#counts) if (other >= bucket) sessions += count;
    return sessions;
  }

  snapshot(): SavedSketch {
    return { sessions: this.#sessions, counts: [...this.#counts] };
  }

  restore({ sessions, counts }: SavedSketch): void {
    this.#sessions = sessions;
    this.#counts = new Map(counts);
  }
}

const bucketOf = (score: number) =>
  Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(score) / LOG_RATIO) + LARGEST));

const bucketEndingAt = (bound: number) => Math.round(Math.log(bound) / LOG_RATIO) + LARGEST;
const upperBound = (bucket: number) => Math.exp((bucket - LARGEST) * LOG_RATIO);
