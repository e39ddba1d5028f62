/** Sends expositions to those who scrape: a chunk when the one before has left, a few scrapes at once. */
import type { ServerResponse } from 'node:http';
import { EXPOSITION_TYPE } from './exposition.ts';

/** Two replicas of Prometheus, each a scrape late, and somebody with curl. */
const AT_ONCE = 8;
/** Prometheus gives up after its scrape interval; whoever reads for longer than this reads for nobody. */
const LONGEST_MS = 30_000;

/** Why a scrape was not answered: too many at once, or its reader was too slow. */
export type ScrapeFault = 'overloaded' | 'timeout';

export class Scrapes {
  readonly #onFault: (fault: ScrapeFault) => void;
  #open = 0;

  constructor(onFault: (fault: ScrapeFault) => void) {
    this.#onFault = onFault;
  }

  /** Sends one. It is never compressed: that takes six times the CPU of writing it, to save bytes on a local network. */
  async send(response: ServerResponse, chunks: AsyncGenerator<Buffer>): Promise<void> {
    if (this.#open >= AT_ONCE) {
      this.#onFault('overloaded');
      response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1' });
      response.end(`${AT_ONCE} scrapes are being answered, which is all there may be: scrape less often\n`);
      return;
    }
    this.#open++;
    const deadline = setTimeout(() => {
      this.#onFault('timeout');
      response.destroy();
    }, LONGEST_MS);
    try {
      response.writeHead(200, { 'content-type': EXPOSITION_TYPE });
      for await (const chunk of chunks) if (!(await written(response, chunk))) return;
      response.end();
    } finally {
      clearTimeout(deadline);
      if (!response.writableEnded) response.destroy();
      this.#open--;
    }
  }
}

/** Whether the chunk has left; false when its reader has. */
function written(response: ServerResponse, chunk: Buffer): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    // What waits behind another answer on its connection is never called back when that is cut.
    const onClose = () => resolve(false);
    response.once('close', onClose);
    response.write(chunk, (error) => {
      response.off('close', onClose);
      resolve(!error);
    });
  });
}
