/** 32-bit hashes for bounded tables of things seen: cheap, and worth nothing without the process's key. */

import { randomInt } from 'node:crypto';

/** FNV-1a's offset and prime (RFC 9923). */
export const HASH_START = 0x811c9dc5;
const PRIME = 0x01000193;

/** Takes one more code unit in. */
export const hashNext = (hash: number, unit: number): number => Math.imul(hash ^ unit, PRIME);

/** Spreads a hash over all bits (the finaliser of MurmurHash3). */
export function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Both in this order. */
export const join = (a: number, b: number): number => mix(Math.imul(a, 31) ^ b);

export function hashText(text: string): number {
  let hash = HASH_START;
  for (let i = 0; i < text.length; i++) hash = hashNext(hash, text.charCodeAt(i));
  return mix(hash);
}

/** What is kept of a hash: without the key it cannot be tried against guesses. */
export const keyed = (hash: number, key: number): number => mix(hash ^ key);

/** A key for what one process remembers. */
export const newKey = (): number => randomInt(2 ** 32);
