import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { collectorIgnored } from '../../../collector/catalogue/collector-metrics.ts';
import { toolCalls } from '../../../collector/catalogue/metrics.ts';
import { decodeTraces } from '../../../collector/receive/otlp/protobuf.ts';
import { Normaliser } from '../../../collector/receive/sources/normalise.ts';
import { recognise, wantedKeys } from '../../../collector/receive/sources/registry.ts';
import { Lookout } from '../process/lookout.ts';

/** Runs of real servers and clients, which need Python, as their exporters sent them. */
const folder = join(import.meta.dirname, 'recorded');
const runs = readdirSync(folder).map((file) => ({
  file,
  ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
    readonly server: string;
    readonly made: { readonly add: number; readonly slow: number; readonly failed: number };
    readonly requests: readonly string[];
  }),
}));

/** Takes requests in, one second apart, and waits until no view waits any more. */
function receive(requests: readonly string[]): Lookout {
  const mcp = new Lookout();
  const normaliser = new Normaliser({ knowsTool: mcp.pipeline.knowsTool.bind(mcp.pipeline), jsonDepth: 64 });
  for (const request of requests) {
    decodeTraces(Buffer.from(request, 'base64'), wantedKeys, 10_000, (record) => {
      const plan = recognise(record);
      const normalised = plan && normaliser.normalise(record, plan, new Map());
      if (!normalised || !('events' in normalised)) return;
      for (const event of normalised.events) {
        const accepted = {
          event,
          timeMs: mcp.nowMs,
          receivedMs: mcp.nowMs,
          position: { segment: 1, offset: 0 },
        };
        mcp.pipeline.process({ ...accepted, sourceKind: plan.source.name });
      }
    });
    mcp.pass(1);
  }
  mcp.pass(10);
  mcp.pipeline.tick();
  return mcp;
}

describe.each(runs)('$file', ({ server, made, requests }) => {
  test.each([
    ['the server first', requests],
    ['the client first', requests.toReversed()],
  ])('calls made are calls counted, %s', async (_, sent) => {
    const mcp = receive(sent);
    const calls = (await mcp.samples(toolCalls)).filter(({ value }) => value > 0);
    const counted = calls.map(({ labels, value }) => [labels.server, labels.tool, labels.outcome, value]);
    expect(counted.sort()).toEqual([
      [server, '_unknown', 'tool_error', made.failed],
      [server, 'add', 'ok', made.add],
      [server, 'slow', 'ok', made.slow],
    ]);
  });

  test('each call was seen by the client too, and that view gave way', async () => {
    const mcp = receive(requests);
    const views = await mcp.value(collectorIgnored, { reason: 'repeated_view' });
    expect(views).toBeGreaterThanOrEqual(made.add + made.slow + made.failed);
  });
});
