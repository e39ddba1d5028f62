/** How much of a text stands in what the session was given before. */
import { keyed, newKey } from '../text/hash.ts';
import type { Fingerprints } from './fingerprints.ts';
import { GRAM, grams } from './winnow.ts';

/** Of the fingerprints of open sessions, which no restart outlives. */
const key = newKey();

export const fingerprint = (hash: number): number => keyed(hash, key);

/** Fingerprints further apart belong to different passages: two windows. */
const GAP = 34;

export interface Match {
  /** Letters and digits in common, at least. */
  readonly length: number;
  /** Letters and digits of the text. */
  readonly of: number;
  /** The call that gave the longest passage. */
  readonly call: number;
}

/** Undefined when nothing is shared. Letters and digits before `from` are not looked at. */
export function matchOf(text: string, fingerprints: Fingerprints, from = 0): Match | undefined {
  let length = 0;
  let longest = 0;
  let call = -1;
  let start = -1;
  let last = -1;
  let given = -1;
  const close = () => {
    if (start < 0) return;
    const run = last - start + GRAM;
    length += run;
    if (run > longest) {
      longest = run;
      call = given;
    }
  };
  const hashes = grams(text);
  for (let position = from; position < hashes.length; position++) {
    const found = fingerprints.find(fingerprint(hashes[position]!));
    if (found === undefined) continue;
    if (start < 0 || position - last > GAP) {
      close();
      start = position;
      given = found;
    }
    last = position;
  }
  close();
  return call < 0 ? undefined : { length, of: hashes.length + GRAM - 1, call };
}
