/** The thread that has the index: answers one call after the other, so that no query keeps the collector's own thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { IndexFile } from './index-file.ts';
import type { Answer, Call, IndexThreadData } from './protocol.ts';
import { saysDamaged } from './schema.ts';

export function runIndexThread(): void {
  const { config } = workerData as IndexThreadData;
  const file = new IndexFile(config);
  parentPort?.on('message', async ({ number, name, given }: Call) => {
    const answer = (reply: Answer) => parentPort?.postMessage(reply);
    try {
      const act = file[name] as (...given: unknown[]) => unknown;
      answer({ number, result: await act.apply(file, given) });
    } catch (error) {
      answer({ number, error: (error as Error).message, damaged: saysDamaged(error) });
    }
    if (name === 'close') parentPort?.close();
  });
}
