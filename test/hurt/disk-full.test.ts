import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { collectorJournalErrors, collectorRejections } from '../../collector/catalogue/collector-metrics.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig, toolCall } from '../collector/running.ts';
import { grown } from './grown.ts';

const DISK_KIB = 4_096;
const LEFT_KIB = 256;
const BATCH = 400;

/** A mount namespace of its own needs no privilege where the kernel lets users have one. */
const tried = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' });
const whyNot =
  tried.status === 0
    ? undefined
    : (tried.error?.message ?? (tried.stderr.trim() || `status ${tried.status}`));
if (whyNot !== undefined)
  console.log(`no small disk can be mounted here, so its tests do not run: ${whyNot}`);

// Counts show 1.5 scrape intervals after their series.
const SCRAPE_SECONDS = 0.2;
const config = testConfig({ snapshotIntervalSeconds: 0.5, scrapeIntervalSeconds: SCRAPE_SECONDS });
const rest = testConfig();
let collector: CollectorProcess;
let restarted: CollectorProcess | undefined;
afterEach(async () => {
  await collector.end('SIGKILL');
  await restarted?.end('SIGKILL');
  for (const { dataDirectory } of [config, rest]) rmSync(dataDirectory, { recursive: true, force: true });
});

/** Runs the collector with its data directory on a disk of its own, which nobody else sees. */
const onSmallDisk = (directory: string) => {
  const mount = `mount -t tmpfs -o size=${DISK_KIB}k lookout "${directory}"`;
  const inside = `config="$(cat "${directory}/config.json")"; ${mount} && printf %s "$config" > "${directory}/config.json" && exec "$0" "$@"`;
  return `exec unshare -rm sh -c '${inside}' "$0" "$@";`;
};

test.skipIf(whyNot !== undefined)(
  'on a full disk events are refused with a sentence, and taken again when there is room, without loss or restart',
  async () => {
    collector = await CollectorProcess.start(config, onSmallDisk(config.dataDirectory));
    const { pid } = JSON.parse(collector.log.trim().split('\n').at(-1)!);
    const disk = `/proc/${pid}/root${config.dataDirectory}`;
    expect(existsSync(join(disk, 'journal'))).toBe(true);
    const ballast = join(disk, 'ballast');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - LEFT_KIB * 1_024));

    const accepted: { id: string }[] = [];
    const refused: { id: string }[] = [];
    const send = async (events: { id: string }[]) => {
      const answer = await collector.send(events);
      if (answer.status === 202) accepted.push(...events);
      else refused.push(...events);
      return answer;
    };
    await vi.waitFor(
      async () => {
        const events = Array.from({ length: BATCH }, () => toolCall({ user: 'x'.repeat(200) }));
        expect((await send(events)).status).toBe(503);
      },
      { timeout: 30_000, interval: 1 },
    );
    expect(accepted.length).toBeGreaterThan(0);
    const answer = await send([toolCall()]);
    expect(answer).toMatchObject({
      status: 503,
      body: {
        error: expect.stringMatching(/^[^\n]*disk[^\n]*: send the same request again after a second$/),
      },
    });
    expect(await collector.operations('/readyz')).toMatchObject({ status: 503 });
    // What JournalFailing and IngestRejecting fire on.
    expect(await grown(collector, collectorJournalErrors, {}, SCRAPE_SECONDS)).toBeGreaterThan(0);
    expect(await grown(collector, collectorRejections, { reason: 'journal' }, SCRAPE_SECONDS)).toBe(2);

    rmSync(ballast);
    await vi.waitFor(
      async () => expect(await collector.operations('/readyz')).toMatchObject({ status: 200 }),
      10_000,
    );
    const again = await send(refused.splice(0));
    expect(again).toMatchObject({ status: 202, body: { accepted: BATCH + 1, duplicates: 0 } });
    console.log(`a disk of ${DISK_KIB} KiB was full: ${accepted.length} events accepted before and after`);

    // As if it were killed now: another collector finds all of them on what stands on the disk.
    cpSync(disk, rest.dataDirectory, { recursive: true });
    await collector.end('SIGKILL');
    restarted = await CollectorProcess.start(rest);
    const found = await restarted.send(accepted);
    expect(found).toMatchObject({ status: 202, body: { accepted: 0, duplicates: accepted.length } });
    expect((await restarted.sessions()).map(({ calls }) => calls)).toEqual([accepted.length]);
  },
  300_000,
);
