/** `npm start`: the stack on this machine, waiting for events. */
import { parseArgs } from 'node:util';
import { addressLines } from './demo-text.ts';
import { paint } from './notice-text.ts';
import { aborted, print, runMain, withLocalStack } from './terminal.ts';

const help = `Usage: npm start

Starts a collector, Prometheus, Alertmanager and a pager on free ports of this machine, with the configuration that
synth writes from stack.config.ts, and prints each alert. Ctrl-C ends it and removes its data.

  --help  this text`;

/** A command that sends one event, dated when it is run: an old date would be refused. */
const curl = (ingestUrl: string) => `  curl ${ingestUrl}/v1/events -H 'content-type: application/json' -d '{
    "id": "'$(date +%s%N)'", "time": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'", "kind": "tool_call",
    "server": "github", "tool": "search_code", "client": { "name": "curl" },
    "session": { "id": "s1", "type": "coding" }, "outcome": "ok", "duration_ms": 120 }'`;

runMain(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help) return print(help);
  const { default: config } = await import('../stack.config.ts');
  await withLocalStack(config, async ({ urls }, interrupted) => {
    print('', paint('bold', 'Running, with the configuration of stack.config.ts:'));
    print(`  Events              POST ${urls.ingest}/v1/events`);
    print(`  OpenTelemetry       OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${urls.ingest}/v1/traces`);
    print(...(await addressLines(urls)));
    print('', paint('bold', 'Send an event:'), curl(urls.ingest));
    print('', 'Waiting for events; alerts appear here. Ctrl-C ends it.');
    await aborted(interrupted);
  });
});
