/**
 * The end of a process when it is told to stop: in order if its disk lets it, and otherwise all the same.
 *
 * Whoever told it kills it after a while, and says nothing. So it gives up by itself before, and says why. What was
 * accepted is on disk by then, as after any kill: the next start replays what the last snapshot does not have.
 */
import { writeSync } from 'node:fs';

const STDERR = 2;

/** At once: the log is written by threads, which may all hang in the disk. */
const say = (sentence: string) => writeSync(STDERR, `collector: ${sentence}\n`);

/** Stops and ends the process, by a kill when that takes longer than `seconds`. */
export async function stopWithin(stop: () => Promise<void>, seconds: number): Promise<void> {
  setTimeout(() => {
    say(
      `not stopped in order within ${seconds} s, so it ends now: nothing accepted is lost, the next start replays the journal; repair the disk of the data directory`,
    );
    // An exit would wait for the threads that hang.
    process.kill(process.pid, 'SIGKILL');
  }, seconds * 1_000);
  try {
    await stop();
  } catch (error) {
    say(`not stopped in order: ${(error as Error).message}`);
    process.exit(1);
  }
  process.exit(0);
}
