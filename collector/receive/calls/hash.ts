/** Hashes of bytes, word by word, as tables of known things are looked into. They begin with a secret. */

/** A hash, and one word more in it. */
export const mixed = (hash: number, word: number): number => {
  const product = Math.imul(hash ^ word, 0x9e37_79b1);
  return product ^ (product >>> 15);
};
/** A hash all of whose bits decide the lowest. */
export const spread = (hash: number): number => mixed(hash, hash >>> 13);
