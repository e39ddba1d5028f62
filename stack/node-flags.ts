/**
 * How Node is told to use the collector's memory. By itself it lets garbage lie for as long as the machine has room:
 * under full load 606 MiB at the most, and 452 MiB with a small young generation, for CPU that could not be told apart.
 *
 * And it collects garbage on four threads beside the one that answers, which take its turns where there are fewer
 * processors. Of single events on two cores, 99 of 100 were answered within 6 ms with two helpers, 17 ms with four and
 * 22 ms with one, which is not done soon enough (medians of five turns, noisy machine). Two take 20 MiB more than four
 * in a flood of new names, one takes 40 MiB more; none at all (`--single-threaded-gc`) took 610 MiB instead of 370 for
 * 150,000 sessions.
 */
import type { Bytes } from './config.ts';
import { bytes } from './quantities.ts';

/**
 * Of the memory of all processes, what their heaps may take; the rest is for bodies, the index, code and snapshots. A
 * flood of new names needs more than a quarter: with that, it ended the collector.
 */
const HEAP_SHARE = 1 / 2;
const YOUNG_MIB = 16;
const HELPER_THREADS = 2;

/** glibc keeps a pool of freed memory for each of a dozen threads, which two serve as well: 25 MiB to 80 MiB less. */
export const collectorEnvironment = { MALLOC_ARENA_MAX: '2' } as const;

export const collectorNodeFlags = (memory: Bytes, processes = 1): readonly string[] => [
  `--max-semi-space-size=${YOUNG_MIB}`,
  `--v8-pool-size=${HELPER_THREADS}`,
  `--max-old-space-size=${Math.floor((bytes(memory) * HEAP_SHARE) / processes / 2 ** 20)}`,
];
