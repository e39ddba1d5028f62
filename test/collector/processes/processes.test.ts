/** Several real processes behind one port: what they take, who has it, and what becomes of it when one is killed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  authFailuresWindowPeak,
  dlpBlocksWindowPeak,
  toolCalls,
} from '../../../collector/catalogue/metrics.ts';
import { processResidentMemory } from '../../../collector/catalogue/platform-metrics.ts';
import type { CollectorConfig } from '../../../collector/config.ts';
import { checkDivision } from '../../../collector/processes/layout.ts';
import { samplesFor } from '../exposition.ts';
import { CollectorProcess } from '../process-of-its-own.ts';
import { testConfig, toolCall } from '../running.ts';

const running: { process: CollectorProcess; config: CollectorConfig }[] = [];
afterEach(async () => {
  for (const { process, config } of running.splice(0)) {
    await process.end('SIGTERM');
    rmSync(config.dataDirectory, { recursive: true, force: true });
  }
});

async function start(changes: Partial<CollectorConfig> = {}) {
  const config = testConfig({ processes: 2, scrapeIntervalSeconds: 0.2, ...changes });
  const process = await CollectorProcess.start(config);
  running.push({ process, config });
  return { process, config };
}

const workersOf = (process: CollectorProcess): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .map(Number);

function isAlive(pid: number): boolean {
  try {
    return globalThis.process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** All samples of a metric, once what was born has been seen at zero. */
async function settled(process: CollectorProcess, metric: Parameters<typeof samplesFor>[1]) {
  await process.operations('/metrics');
  await sleep(400);
  await process.operations('/metrics');
  await sleep(400);
  const { status, text } = await process.operations('/metrics');
  expect(status).toBe(200);
  return samplesFor(text, metric);
}
const sum = (values: readonly { value: number }[]) => values.reduce((all, { value }) => all + value, 0);

const callsOf = (sessions: number, each: number) =>
  Array.from({ length: sessions * each }, (_, i) =>
    toolCall({ session: { id: `s-${i % sessions}`, type: 'chat' } }),
  );

interface Listed {
  readonly id: string;
  readonly calls: number;
}
async function sessionsOf(process: CollectorProcess, number: number): Promise<Listed[]> {
  const url = `http://127.0.0.1:${process.ports.pages}/${number}/api/sessions?limit=500`;
  return ((await (await fetch(url)).json()) as { sessions: Listed[] }).sessions;
}

describe('two processes', () => {
  test('take events on one port, count each once, and keep each session whole in one of them', async () => {
    const { process } = await start();
    const events = callsOf(40, 5);
    const { status, body } = await process.send(events);
    expect({ status, ...body }).toMatchObject({ status: 202, accepted: 200, duplicates: 0, rejected: [] });
    expect((await process.send(events)).body).toMatchObject({ accepted: 0, duplicates: 200 });

    const samples = (await settled(process, toolCalls)).filter(({ labels }) => labels.outcome === 'ok');
    expect(samples.map(({ labels }) => labels.partition)).toEqual(['0', '1']);
    expect(sum(samples)).toBe(200);
    expect(Math.min(...samples.map(({ value }) => value))).toBeGreaterThan(0);

    const lists = await Promise.all([sessionsOf(process, 0), sessionsOf(process, 1)]);
    const all = lists.flat();
    expect(new Set(all.map(({ id }) => id)).size).toBe(40);
    expect(all.map(({ calls }) => calls)).toEqual(Array(40).fill(5));

    // Bad events are named by their place in the request, whoever the good ones belong to.
    const good = callsOf(20, 1);
    const bad = { ...toolCall(), server: '' };
    const mixed = await process.send([...good.slice(0, 7), bad, ...good.slice(7)]);
    expect(mixed.body).toMatchObject({ accepted: 20, rejected: [{ index: 7, id: bad.id }] });

    // As lines, and one that is no JSON but has the session of another process.
    const lines = callsOf(20, 2).map((call) => JSON.stringify(call));
    const torn = lines.map((line) => line.replace('"outcome":', '"outcome";'));
    const ndjson = await fetch(`http://127.0.0.1:${process.ports.ingest}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: [...lines, ...torn].join('\n'),
    });
    const answer = (await ndjson.json()) as {
      accepted: number;
      rejected: { index: number; error: string }[];
    };
    expect(answer.accepted).toBe(40);
    expect(answer.rejected.map(({ index }) => index).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => 40 + i),
    );
    for (const { error } of answer.rejected) expect(error).toMatch(/^the (line|event) is not valid JSON/);

    const { text } = await process.operations('/metrics');
    const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(types).size).toBe(types.length);
    const memory = samplesFor(text, processResidentMemory).map(({ labels }) => labels.partition);
    expect(memory).toEqual(['0', '1', 'supervisor']);

    const found = await fetch(`http://127.0.0.1:${process.ports.pages}/api/sessions/${lists[1]![0]!.id}`);
    expect(new URL(found.url).pathname).toMatch(/^\/1\/api\/sessions\//);
    expect(found.status).toBe(200);
  });

  test('count bursts exactly, whichever of them took in the events and whichever has their sessions', async () => {
    const burstWindows: CollectorConfig['burstWindows'] = [
      { event: 'dlp_block', windowSeconds: 60, limit: 10 },
      { event: 'auth_failure', windowSeconds: 30, limit: 5 },
    ];
    const { process } = await start({ burstWindows });
    const time = new Date().toISOString();
    for (let i = 0; i < 11; i++) {
      const session = { id: `s-${i}` };
      const common = { time, server: 'files', session };
      const sources = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
      const failures = sources.map((source, n) => ({
        ...common,
        ...{ id: `auth-${i}-${n}`, kind: 'auth_failure', source },
      }));
      const block = { ...common, id: `dlp-${i}`, kind: 'dlp_block', tool: 'read', rule: 'card' };
      // Each on a connection of its own, so that both take some in; and once more, as a sender does whose answer was lost.
      for (const _ of [1, 2]) expect((await process.send([block, ...failures])).status).toBe(202);
    }
    const { text } = await process.operations('/metrics/alerts');
    const dlp = samplesFor(text, dlpBlocksWindowPeak).map(({ value }) => value);
    expect(dlp.sort()).toEqual([0, 11]);
    const auth = samplesFor(text, authFailuresWindowPeak);
    expect(auth.map(({ value }) => value)).toEqual([11, 11, 11, 11]);
    expect(new Set(auth.map(({ labels }) => labels.source)).size).toBe(4);
  });

  test('lose nothing that was accepted when one of them is killed under load, over and over', async () => {
    const { process } = await start();
    const accepted = new Map<string, number>();
    let refused = 0;
    let sending = true;
    const sender = async (name: number) => {
      for (let n = 0; sending; n++) {
        const session = `${name}-${n % 10}`;
        const events = Array.from({ length: 10 }, (_, i) =>
          toolCall({ id: `${name}-${n}-${i}`, session: { id: `${session}-${i % 3}`, type: 'chat' } }),
        );
        // As a good sender does: the same events until they are accepted.
        while (sending) {
          const answer = await process.send(events).catch(() => undefined);
          if (answer?.status === 202) {
            for (const { id } of events) accepted.set(id, 1);
            break;
          }
          refused++;
          await sleep(50);
        }
      }
    };
    const senders = Array.from({ length: 6 }, (_, name) => sender(name));
    for (let kill = 0; kill < 3; kill++) {
      await sleep(700);
      const workers = workersOf(process);
      globalThis.process.kill(workers[kill % workers.length]!, 'SIGKILL');
      await expect
        .poll(async () => (await process.operations('/readyz')).status, { timeout: 60_000 })
        .toBe(200);
    }
    await sleep(300);
    sending = false;
    await Promise.all(senders);
    expect(accepted.size).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(0);

    // Whatever was accepted is known: sent again, all of it is a repetition.
    const ids = [...accepted.keys()];
    let duplicates = 0;
    for (let from = 0; from < ids.length; from += 500) {
      const again = ids.slice(from, from + 500).map((id) => {
        const [name, n, i] = id.split('-').map(Number);
        return toolCall({ id, session: { id: `${name}-${n! % 10}-${i! % 3}`, type: 'chat' } });
      });
      duplicates += (await process.send(again)).body.duplicates;
    }
    expect(duplicates).toBe(ids.length);

    // Without the process that started them the others end.
    const workers = workersOf(process);
    expect(workers).toHaveLength(2);
    await process.end('SIGKILL');
    await expect.poll(() => workers.filter(isAlive), { timeout: 15_000 }).toEqual([]);
  }, 150_000);
});

test('Another number of processes than wrote the data is refused with a sentence that says what to do', async () => {
  const config = testConfig({ processes: 1 });
  for (const number of [0, 1]) mkdirSync(join(config.dataDirectory, `partition-${number}`));
  const sentence = 'was written by processes: 2. Set processes to 2 again, or move the directory away';
  const refused = await CollectorProcess.start(config);
  expect(await refused.end('SIGTERM')).toBe(1);
  expect(refused.stderr).toContain(sentence);
  await expect(checkDivision({ ...config, processes: 3 })).rejects.toThrow(sentence);
  await expect(checkDivision({ ...config, processes: 2 })).resolves.toBeUndefined();
  rmSync(config.dataDirectory, { recursive: true });
});

test('Data that one process wrote is not for two', async () => {
  const config = testConfig({ processes: 2 });
  mkdirSync(join(config.dataDirectory, 'journal'));
  await expect(checkDivision(config)).rejects.toThrow(
    'was written by processes: 1. Set processes to 1 again',
  );
  rmSync(config.dataDirectory, { recursive: true });
});
