/** What a process does that another one started: it is told its configuration, says when it is ready, and ends with it. */
import type { Logger } from 'pino';
import { type Collector, startCollector } from '../app.ts';
import { type CollectorConfig, STOP_SECONDS } from '../config.ts';
import { stopWithin } from '../stop.ts';

export type ToWorker = { readonly start: CollectorConfig } | { readonly stop: true };
export type FromWorker = { readonly ports: Collector['ports'] } | { readonly failed: string };

const say = (message: FromWorker, then = () => {}) => process.send!(message, then);

/** Runs until the starting process says stop, or is no more. */
export function runWorker(logger: Logger): void {
  // Nothing else keeps it alive until it is told what to do, and code loaded before may have let go of it.
  process.channel?.ref();
  let starting: Promise<Collector> | undefined;
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const stopStarted = async () => {
      const collector = await starting?.catch(() => undefined);
      await collector?.stop();
    };
    await stopWithin(stopStarted, STOP_SECONDS);
  };
  process.on('message', (message: ToWorker) => {
    if ('stop' in message) {
      void stop();
      return;
    }
    const { partition } = message.start;
    starting = startCollector(message.start, { logger: logger.child({ process: partition?.number }) });
    starting.then(
      ({ ports }) => say({ ports }),
      (error: Error) => {
        say({ failed: error.message }, () => process.exit(1));
      },
    );
  });
  process.on('disconnect', () => void stop());
  // A terminal interrupts them all at once; the one that started them says when to stop.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
}
