import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useAll } from './everything-surface.ts';
import { cli } from './proxied.ts';
import { startReceiver, summary, tally } from './receiver.ts';

const fixture = join(import.meta.dirname, 'fixtures/everything.ts');

test("all of server-everything's traffic is byte-identical plain, wrapped and proxied", async () => {
  await using wrappedTo = await startReceiver();
  await using proxiedTo = await startReceiver();
  // The same environment for all, since one tool shows it.
  const env = { PATH: process.env.PATH ?? '', MCP_LOOKOUT_URL: wrappedTo.url };
  const [plain, wrapped, proxied] = await Promise.all([
    useAll(process.execPath, [fixture], env),
    useAll(process.execPath, [fixture, 'wrapped'], env),
    useAll(process.execPath, [cli, '--url', proxiedTo.url, '--', process.execPath, fixture], env),
  ]);
  const lines = plain.toString().trim().split('\n');
  expect(lines.length).toBeGreaterThan(60);
  expect(wrapped.toString().split('\n')).toEqual(plain.toString().split('\n'));
  expect(wrapped.equals(plain)).toBe(true);
  expect(proxied.toString().split('\n')).toEqual(plain.toString().split('\n'));
  expect(proxied.equals(plain)).toBe(true);
  const [inside, before] = [wrappedTo, proxiedTo].map((receiver) =>
    tally(receiver.of('tool_call').map(summary)),
  );
  expect(inside).toEqual(before);
  expect(before).toMatchObject({
    'echo ok none': 2,
    'echo tool_error caller': 1,
    'no-such-tool protocol_error caller -32602': 1,
    'simulate-research-query ok none': 1,
    'trigger-long-running-operation cancelled caller': 1,
  });
});
