/**
 * Kills a collector again and again at random moments, also while it starts, under senders that remember what was
 * answered 202. Then everything is looked for: in the collector as the last snapshot and journal made it, and once more
 * with the journal alone.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectorConfig } from '../../collector/config.ts';
import { random } from '../../run/replay/random.ts';
import { Child } from '../child.ts';
import { lookFor, type Missing } from './look-for.ts';
import { RememberingSender, type SentSession } from './remembering-sender.ts';

const program = resolve(import.meta.dirname, '../../collector/main.ts');
const SENDERS = 4;
/** Of so many kills, one comes while the collector still starts. */
const ONE_AT_START_OF = 5;
const LONGEST_LOAD_MS = 500;
const LONGEST_START_MS = 300;

export interface Kills {
  readonly kills: number;
  readonly seed: number;
  /** Node's own flags for the collector. */
  readonly flags?: readonly string[];
  /** What else befalls the data directory while nothing runs. */
  readonly afterKill?: () => void;
  readonly progress?: (text: string) => void;
}

export interface KillsOutcome {
  readonly acknowledged: number;
  readonly sessions: number;
  /** Batches that were sent more than once, since their answer did not come. */
  readonly resent: number;
  /** After the last start, which had a snapshot, and after one without. */
  readonly missing: Missing;
  readonly missingFromJournal: Missing;
  /** From the start of a process until it takes events. */
  readonly startSeconds: readonly number[];
}

/** `config` has a data directory of its own; a short snapshot interval lets kills fall into snapshots too. */
export async function killUnderLoad(
  config: CollectorConfig,
  { kills, seed, flags = [], afterKill = () => {}, progress = () => {} }: Kills,
): Promise<KillsOutcome> {
  const file = join(config.dataDirectory, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const chance = random(seed, 'moments of kills');
  let port: number | undefined;
  const timeMs = Date.now();
  const senders = Array.from(
    { length: SENDERS },
    (_, i) => new RememberingSender(`sender-${i}`, random(seed, `sender ${i}`), timeMs, () => port),
  );
  const running = Promise.all(senders.map((sender) => sender.run()));
  // Told when it is awaited; until then it must not end the process.
  running.catch(() => {});
  const startSeconds: number[] = [];

  const begin = () => new Child(program, ['--config', file], flags);

  async function start(): Promise<{ child: Child; ports: Readonly<Record<string, number>> }> {
    const startedMs = performance.now();
    const child = begin();
    const ports = await child.ports();
    startSeconds.push((performance.now() - startedMs) / 1_000);
    port = ports.ingest;
    return { child, ports };
  }

  async function end(child: Child): Promise<void> {
    await child.end('SIGKILL');
    port = undefined;
    afterKill();
  }

  for (let kill = 0; kill < kills; kill++) {
    progress(`kills: ${kill + 1} of ${kills}`);
    if (kill % ONE_AT_START_OF === ONE_AT_START_OF - 1) {
      const child = begin();
      await sleep(chance.between(0, LONGEST_START_MS));
      await end(child);
    } else {
      const { child } = await start();
      await sleep(chance.between(0, LONGEST_LOAD_MS));
      await end(child);
    }
  }

  progress('kills: looking for what was accepted');
  for (const sender of senders) sender.stop();
  let { child, ports } = await start();
  await running;
  const sessions: SentSession[] = senders.flatMap((sender) => sender.sessions);
  const missing = await lookFor(sessions, ports);
  await end(child);
  rmSync(join(config.dataDirectory, 'snapshot'), { force: true });
  ({ child, ports } = await start());
  const missingFromJournal = await lookFor(sessions, ports);
  await end(child);
  return {
    acknowledged: sessions.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    sessions: sessions.length,
    resent: senders.reduce((sum, { resent }) => sum + resent, 0),
    missing,
    missingFromJournal,
    startSeconds,
  };
}
