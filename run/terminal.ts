/** One stay of the local stack in a terminal: started, its alerts printed as they come, and stopped by Ctrl-C. */
import type { StackConfig } from '../stack/config.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import { noticeLines } from './notice-text.ts';
import type { Notice } from './pager.ts';

export const print = (...lines: string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

/** Prints what on-call is told. Chat is told of critical alerts too, which here would be the same lines again. */
function noticePrinter(before: () => void): (notice: Notice) => void {
  return (notice) => {
    if (
      notice.receiver === 'deadman' ||
      (notice.labels.severity === 'critical' && notice.receiver !== 'page')
    )
      return;
    before();
    print('', ...noticeLines(notice));
  };
}

/** Aborted by Ctrl-C, TERM or a closed terminal. Before the stack is up, and at the second signal, the process ends at once. */
function onInterrupt(isUp: () => boolean): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!isUp() || controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Settles when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Runs `use` on a stack and stops it, whatever happens. Throws one sentence when a process of the stack ends by itself. */
export async function withLocalStack(
  config: StackConfig,
  use: (stack: LocalStack, interrupted: AbortSignal) => Promise<void>,
  beforeNotice: () => void = () => {},
): Promise<void> {
  let stack: LocalStack | undefined;
  const interrupted = onInterrupt(() => stack !== undefined);
  stack = await startLocalStack({
    config,
    progress: (line) => process.stderr.write(`${line}\n`),
    onNotice: noticePrinter(beforeNotice),
  });
  try {
    const broken = stack.broken.then((how) => Promise.reject(new Error(how)));
    await Promise.race([use(stack, interrupted), broken]);
  } finally {
    beforeNotice();
    process.stderr.write('Stopping\n');
    await stack.stop();
  }
}

/** Ends the process with one sentence when `main` fails. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
