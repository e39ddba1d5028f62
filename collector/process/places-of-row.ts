/** Where in the journal the events of an open session stand: a list that its row has the address of. */
import type { Position } from '../journal/segment.ts';
import type { Blocks } from './blocks.ts';
import { MAXIMUM_PLACES, PLACE_BYTES, type Place } from './session.ts';
import { field, WORDS_PER_PLACE } from './session-rows.ts';

const TWO_TO_32 = 2 ** 32;

/** Remembers where an event of the session stands whose row begins at `at`. */
export function notePlaceInRow(
  blocks: Blocks,
  words: Uint32Array,
  at: number,
  { segment, offset }: Position,
): void {
  const count = words[at + field.placeCount]!;
  const address = words[at + field.places]!;
  if (count > 0) {
    const page = blocks.pageOf(address);
    const first = blocks.indexOf(address);
    const last = first + (count - 1) * WORDS_PER_PLACE;
    if (numberAt(page, last) === segment && offset < numberAt(page, last + 2) + PLACE_BYTES) return;
    if (count >= MAXIMUM_PLACES) {
      // The first and the newest are kept.
      page.copyWithin(first + WORDS_PER_PLACE, first + 2 * WORDS_PER_PLACE, last + WORDS_PER_PLACE);
      put(page, last, segment, offset);
      return;
    }
  }
  const used = count * WORDS_PER_PLACE;
  const moved = blocks.withRoom(address, used, WORDS_PER_PLACE);
  words[at + field.places] = moved;
  words[at + field.placeCount] = count + 1;
  put(blocks.pageOf(moved), blocks.indexOf(moved) + used, segment, offset);
}

/** The places of the session whose row begins at `at`; a copy. */
export function placesInRow(blocks: Blocks, words: Uint32Array, at: number): Place[] {
  const count = words[at + field.placeCount]!;
  if (count === 0) return [];
  const page = blocks.pageOf(words[at + field.places]!);
  const first = blocks.indexOf(words[at + field.places]!);
  return Array.from({ length: count }, (_, i) => {
    const place = first + i * WORDS_PER_PLACE;
    return { segment: numberAt(page, place), offset: numberAt(page, place + 2) };
  });
}

function put(page: Uint32Array, at: number, segment: number, offset: number): void {
  // Of numbers that are too large, an array of words keeps the low one.
  page[at] = segment;
  page[at + 1] = Math.floor(segment / TWO_TO_32);
  page[at + 2] = offset;
  page[at + 3] = Math.floor(offset / TWO_TO_32);
}

const numberAt = (page: Uint32Array, at: number): number => page[at]! + page[at + 1]! * TWO_TO_32;
