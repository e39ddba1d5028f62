/** `node collector/main.ts --config <file>`: one collector process. With `verify` before it: checks its journal. */
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import pino from 'pino';
import { type Collector, startCollector } from './app.ts';
import { runIndexThread } from './audit/thread.ts';
import { readCollectorConfig, STOP_ALL_SECONDS, STOP_SECONDS } from './config.ts';
import { growWhileSmall } from './heap-growth.ts';
import { checkDivision } from './processes/layout.ts';
import { startProcesses } from './processes/supervisor.ts';
import { runWorker } from './processes/worker.ts';
import { WORKER_FLAG } from './processes/worker-process.ts';
import { stopWithin } from './stop.ts';
import { exitCodes, verifyCommand } from './verify.ts';

const usage = `Usage: node collector/main.ts --config <file>
       node collector/main.ts verify --help

Takes MCP events, keeps them in a journal, and shows what they mean as metrics and pages.

  --config <file>  configuration as JSON; "npm run synth" writes it
  --help           this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (values.config === undefined) throw new Error('--config is missing: name the configuration file');
  const config = readCollectorConfig(values.config);
  growWhileSmall();
  const logger = pino();
  let collector: Collector | undefined;
  let stopping = false;
  const stop = () => {
    // A second signal means: now. So does one before the start is done, since all there is stands in the journal.
    if (stopping) process.kill(process.pid, 'SIGKILL');
    if (!collector) process.exit(0);
    stopping = true;
    void stopWithin(collector.stop, config.processes > 1 ? STOP_ALL_SECONDS : STOP_SECONDS);
  };
  // Before the start, which may replay for long: in a container, a signal that nobody handles is lost.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await checkDivision(config);
  collector =
    config.processes > 1
      ? await startProcesses(config, process.argv[1] as string, logger)
      : await startCollector(config, { logger });
}

const [command, ...args] = process.argv.slice(2);
// The one-file bundle starts its threads with itself.
if (!isMainThread) runIndexThread();
else if (command === WORKER_FLAG) {
  growWhileSmall();
  runWorker(pino());
} else if (command === 'verify') {
  verifyCommand(args).then(
    (code) => {
      process.exitCode = code;
    },
    (error: Error) => {
      process.stderr.write(`verify: ${error.message}\n`);
      process.exitCode = exitCodes.unreadable;
    },
  );
} else {
  main().catch((error: Error) => {
    process.stderr.write(`collector: ${error.message}\n`);
    process.exit(1);
  });
}
