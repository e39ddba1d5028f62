/** Gives memory back that holds nothing any more: by itself V8 keeps what a flood took until it is busy again. */
import { Session } from 'node:inspector/promises';

/**
 * Collects all garbage of this thread and frees the pages it was on, which holds the thread up for about 200 ms. To be
 * used rarely, before much memory is taken elsewhere: after a flood of new names it is 150 MiB of 440.
 */
export async function giveBackMemory(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
}
