/** `node collector/main.ts --config <file>`: one collector process. */
import { parseArgs } from 'node:util';
import pino from 'pino';
import { type Collector, startCollector } from './app.ts';
import { readCollectorConfig } from './config.ts';

const usage = `Usage: node collector/main.ts --config <file>

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
  let collector: Collector | undefined;
  let stopping = false;
  const stop = async () => {
    // A second signal means: now. So does one before the start is done, since all there is stands in the journal.
    if (stopping) process.exit(1);
    stopping = true;
    await collector?.stop();
    process.exit(0);
  };
  // Before the start, which may replay for long: in a container, a signal that nobody handles is lost.
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  collector = await startCollector(readCollectorConfig(values.config), { logger: pino() });
}

main().catch((error: Error) => {
  process.stderr.write(`collector: ${error.message}\n`);
  process.exit(1);
});
