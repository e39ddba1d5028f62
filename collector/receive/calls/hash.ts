/**
 * How tables of known things are looked into: by a hash of bytes, word by word, that begins with a secret, which says four
 * places where one may stand.
 */

export const WAYS = 4;

/** A hash, and one word more in it. */
export const mixed = (hash: number, word: number): number => {
  const product = Math.imul(hash ^ word, 0x9e37_79b1);
  return product ^ (product >>> 15);
};
/** A hash all of whose bits decide the lowest. */
export const spread = (hash: number): number => mixed(hash, hash >>> 13);

/** Where a new one goes in a table of a power of two: where nothing stands, else in place of one of four, chosen by `turn`. */
export function placeFor(table: readonly unknown[], hash: number, turn: number): number {
  const first = hash & (table.length - 1);
  for (let way = 0; way < WAYS; way++) if (table[first ^ way] === undefined) return first ^ way;
  return first ^ (turn & (WAYS - 1));
}
