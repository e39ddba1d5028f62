/** A request that is not accepted as a whole: what it answers, and under which reason it is counted. */
import type { RejectionReason } from '../catalogue/collector-metrics.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly reason: RejectionReason;
  readonly headers: Readonly<Record<string, string>>;

  /** `sentence` says what to do, and becomes the answer's `error`. */
  constructor(
    status: number,
    reason: RejectionReason,
    sentence: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(sentence);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }
}

/** Seconds until a sender tries again: long enough for a group commit, short enough to lose no freshness. */
const retrySoon = { 'retry-after': '1' } as const;

export const malformed = (sentence: string) => new Refusal(400, 'malformed', sentence);
export const tooLarge = (sentence: string) => new Refusal(413, 'too_large', sentence);
export const unsupported = (sentence: string, headers?: Readonly<Record<string, string>>) =>
  new Refusal(415, 'unsupported', sentence, headers);
export const overloaded = () =>
  new Refusal(
    429,
    'overloaded',
    'the collector is busy: send the same request again after a second',
    retrySoon,
  );
/** `waitSeconds` until the sender's bucket is paid back. */
export const rateLimited = (sender: string, perSecond: number, waitSeconds: number) => {
  const seconds = Math.max(1, Math.ceil(waitSeconds));
  return new Refusal(
    429,
    'rate_limited',
    `the holder of this token (${sender}) may send ${perSecond} events a second: send the same request again after ${seconds} s`,
    { 'retry-after': String(seconds) },
  );
};
export const unavailable = (reason: 'journal' | 'partition' | 'internal', why: string) =>
  new Refusal(503, reason, `${why}: send the same request again after a second`, retrySoon);
