import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FindingLog, replayFindings } from '../../collector/finding-log.ts';
import { Journal } from '../../collector/journal/journal.ts';
import type { Finding } from '../../collector/process/finding.ts';
import { finding } from './audit/index-of-sessions.ts';
import { Lookout } from './process/lookout.ts';

const logger = pino({ level: 'silent' });
let directory: string;
let mcp: Lookout;
let journal: Journal;
let log: FindingLog;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-findings-'));
  mcp = new Lookout({ limits: { findings: 1 } });
  journal = await Journal.open({
    directory,
    // Each record starts a segment, and none can be created while the folder is elsewhere.
    segmentBytes: 1,
    retentionBytes: 1024 ** 3,
    retentionSeconds: 86_400,
    queueBytes: 1024 ** 2,
    instruments: mcp.instruments,
    logger,
  });
  log = new FindingLog({ journal, pipeline: mcp.pipeline, logger, now: () => mcp.nowMs });
});
afterEach(async () => {
  await log.close();
  await journal.close();
  rmSync(directory, { recursive: true });
});

/** A finding about a session of its own. */
function found(session: string): Finding {
  const { id, incident, status, first_seen_ms, last_seen_ms, ...observed } = finding({
    session,
    principal: session,
    user: session,
  });
  return mcp.pipeline.findings.report({ ...observed, startedMs: 1, timeMs: mcp.nowMs });
}

/** What a start finds that has nothing but the journal, and room for all. */
async function replayed(): Promise<Lookout> {
  const next = new Lookout();
  for await (const record of journal.read()) replayFindings(record, next.pipeline);
  return next;
}

test('a verdict lasts although its finding makes room while it is on its way to the disk, or was on none yet', async () => {
  const judged = found('ada');
  const saying = log.judge([judged], { verdict: 'benign', note: 'a drill', time_ms: mcp.nowMs });
  found('bo');
  expect(mcp.pipeline.findings.find(judged.id)).toBeUndefined();
  expect(await saying).toMatchObject([{ id: judged.id, status: 'dismissed' }]);

  const { pipeline } = await replayed();
  expect(pipeline.findings.find(judged.id)).toMatchObject({
    status: 'dismissed',
    verdict: { verdict: 'benign', note: 'a drill' },
  });
});

test('findings that make room before they could be written are written all the same', async () => {
  const ids = ['ada', 'bo'].map((session) => found(session).id);
  await log.close();
  const { pipeline } = await replayed();
  expect(ids.map((id) => pipeline.findings.find(id)?.id)).toEqual(ids);
});

test('a finding that the disk did not take is written when it does again, and no verdict is taken meanwhile', async () => {
  renameSync(directory, `${directory}-away`);
  const { id } = found('ada');
  const judged = log.judge([found('bo')], { verdict: 'benign', time_ms: mcp.nowMs });
  await expect(judged).rejects.toThrow('ENOENT');
  expect(journal.failing).toBe(true);
  renameSync(`${directory}-away`, directory);
  await vi.waitFor(async () => expect((await replayed()).pipeline.findings.all).toHaveLength(2), 10_000);
  const { pipeline } = await replayed();
  expect(pipeline.findings.find(id)).toMatchObject({ status: 'open' });
  expect(pipeline.findings.all.map(({ status }) => status)).toEqual(['open', 'open']);
});
