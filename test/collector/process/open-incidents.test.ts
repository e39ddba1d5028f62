import { expect, test } from 'vitest';
import { findingsUnpaged, incidentsOpen } from '../../../collector/catalogue/metrics.ts';
import type { Finding, Observation } from '../../../collector/process/findings.ts';
import { Lookout } from './lookout.ts';

const DAY_S = 86_400;

const report = (mcp: Lookout, session: string, changes: Partial<Observation> = {}): Finding =>
  mcp.pipeline.findings.report({
    detector: 'read_then_exfiltrate',
    severity: 'critical',
    certainty: 'confirmed',
    session,
    session_type: 'support',
    principal: 'ada',
    server: 'mail',
    tool: 'send',
    tool_risk: { can: ['outward'], provenance: 'name' },
    score: 10,
    message: 'What one tool returned, another one sent away.',
    evidence: { calls: [], destination: 'evil.example' },
    supporting: [],
    risk: 3,
    startedMs: mcp.nowMs,
    timeMs: mcp.nowMs,
    ...changes,
  });

const judge = (mcp: Lookout, { id }: Finding, verdict: 'true_positive' | 'false_positive' | 'withdrawn') =>
  mcp.pipeline.detection.judge({ finding: id, verdict, time_ms: mcp.nowMs });

const labelsOf = ({ incident, detector, session_type }: Finding) => ({ incident, detector, session_type });
const open = (mcp: Lookout, finding: Finding) => mcp.gauge(incidentsOpen, labelsOf(finding));

test('a critical finding is open until it has a verdict, and again when that is taken back', async () => {
  const mcp = new Lookout();
  const finding = report(mcp, 'odd');
  mcp.pass(DAY_S);
  expect(await open(mcp, finding)).toBe(1);
  judge(mcp, finding, 'true_positive');
  expect(await open(mcp, finding)).toBeUndefined();
  judge(mcp, finding, 'withdrawn');
  expect(await open(mcp, finding)).toBe(1);
});

test('an incident is one series however many sessions it has, and ends with the last verdict', async () => {
  const mcp = new Lookout();
  const [first, second] = [report(mcp, 'a'), report(mcp, 'b')];
  expect(second.incident).toBe(first.incident);
  expect(await open(mcp, first)).toBe(2);
  judge(mcp, first, 'true_positive');
  expect(await open(mcp, second)).toBe(1);
  judge(mcp, second, 'true_positive');
  expect(await open(mcp, second)).toBeUndefined();
});

test('another incident is a series of its own, and so is another family of the same one', async () => {
  const mcp = new Lookout();
  const first = report(mcp, 'a');
  const other = report(mcp, 'b', { evidence: { calls: [], destination: 'other.example' } });
  const loop = report(mcp, 'a', { detector: 'loop', evidence: { calls: [] } });
  expect(loop.incident).toBe(first.incident);
  for (const one of [first, other, loop]) expect(await open(mcp, one)).toBe(1);
});

test('a campaign that fills the table pushes no other incident out of it', async () => {
  const mcp = new Lookout({ limits: { findings: 3 } });
  const alone = report(mcp, 'alone', { evidence: { calls: [], destination: 'other.example' } });
  const campaign = Array.from({ length: 5 }, (_, i) => report(mcp, `victim-${i}`));
  expect(await open(mcp, alone)).toBe(1);
  expect(await open(mcp, campaign[0]!)).toBe(2);
  report(mcp, 'unusual', { severity: 'warning', certainty: 'scored', evidence: { calls: [] } });
  expect(await open(mcp, alone)).toBe(1);
});

test('it is open after a restart, and no longer a week after it was last seen', async () => {
  const before = new Lookout();
  const finding = report(before, 'odd');
  const { next: mcp } = before.restarted();
  mcp.pass(7 * DAY_S - 1);
  expect(await open(mcp, finding)).toBe(1);
  mcp.pass(1);
  expect(await open(mcp, finding)).toBeUndefined();
  expect(mcp.pipeline.findings.find(finding.id)?.status).toBe('open');
});

test('what is confirmed but beyond the pages of the day is counted until it has a verdict, what is only unusual is not', async () => {
  const mcp = new Lookout();
  report(mcp, 'unusual', { severity: 'warning', certainty: 'scored', evidence: { calls: [] } });
  expect(await mcp.gauge(findingsUnpaged)).toBe(0);
  const finding = report(mcp, 'odd', { severity: 'warning' });
  expect(await open(mcp, finding)).toBeUndefined();
  expect(await mcp.gauge(findingsUnpaged)).toBe(1);
  judge(mcp, finding, 'false_positive');
  expect(await mcp.gauge(findingsUnpaged)).toBe(0);
});
