/**
 * Lets a small heap become twice as large before its garbage is looked for.
 *
 * V8 begins to mark the old generation as soon as a full young one no longer fits below its next limit. Of a heap of 40 MB
 * that limit is 25 MB away, and the young generation takes 32: so one marking followed the other, each of 40 ms on two
 * helper threads, for garbage that was not there. Spans, a hundred a request, took 6.9 µs of CPU each where they take 5.8; JSON
 * could not be told apart. A large heap grows as V8 sees fit: when it grew so, too, a flood of new names took 524 MiB
 * instead of 481; with this it took 463.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

const SMALL_BYTES = 96 * 2 ** 20;
const EACH_MS = 500;

/** V8 reads it when it sets the next limit; 0 is what V8 sees fit. */
const growBy = (percent: number) => setFlagsFromString(`--heap-growing-percent=${percent}`);

/** From now on, until the process ends. */
export function growWhileSmall(): void {
  let wasSmall: boolean | undefined;
  const look = () => {
    const isSmall = getHeapStatistics().used_heap_size < SMALL_BYTES;
    if (isSmall !== wasSmall) growBy(isSmall ? 100 : 0);
    wasSmall = isSmall;
  };
  look();
  setInterval(look, EACH_MS).unref();
}
