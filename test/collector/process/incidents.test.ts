import { describe, expect, test } from 'vitest';
import { collectorEvictions } from '../../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { worstOf } from '../../../collector/process/finding.ts';
import { Findings, type Observation } from '../../../collector/process/findings.ts';
import { sampleValue } from '../exposition.ts';

const DAY_MS = 86_400_000;

function tell(limit = 100) {
  let nowMs = 0;
  const config = { ...collectorDefaults, limits: { ...collectorDefaults.limits, findings: limit } };
  const instruments = createInstruments(config, () => nowMs);
  const findings = new Findings(config, instruments);
  const report = (session: string, changes: Partial<Observation> = {}) =>
    findings.report({
      detector: 'tool_poisoning',
      severity: 'critical',
      certainty: 'confirmed',
      session,
      session_type: 'support',
      principal: session,
      server: 'mail',
      tool: 'send',
      tool_risk: { can: ['outward'], provenance: 'name' },
      score: 1,
      message: 'It is odd.',
      evidence: { calls: [] },
      supporting: [],
      risk: 0,
      startedMs: 0,
      timeMs: nowMs,
      ...changes,
    });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const evicted = async () => {
    await instruments.exposition();
    pass(10_000);
    return sampleValue(await instruments.exposition(), collectorEvictions, { table: 'findings' });
  };
  return { findings, report, pass, evicted };
}

const to = (destination: string) => ({ evidence: { calls: [], destination } });
const incidentsOf = ({ all }: Findings) => new Set(all.map(({ incident }) => incident)).size;

describe('findings are one incident', () => {
  test('when they are about one session, as severe as the worst of them', () => {
    const { findings, report } = tell();
    report('s1', { severity: 'warning', detector: 'sequence' });
    report('s1', { detector: 'loop', severity: 'info' });
    report('s1');
    expect(incidentsOf(findings)).toBe(1);
    expect(worstOf(findings.all)).toBe('critical');
  });

  test('when a family shows the same destination or the same passage in several sessions within a day', () => {
    const { findings, report, pass } = tell();
    report('s1', { evidence: { calls: [], destination: 'x.example', identity: 'a' } });
    report('s2', { evidence: { calls: [], destination: 'x.example', identity: 'b' } });
    report('s3', { evidence: { calls: [], destination: 'y.example', identity: 'b' } });
    report('s4', { detector: 'cross_session', ...to('y.example') });
    expect(incidentsOf(findings)).toBe(1);
    pass(DAY_MS + 1);
    report('s5', to('x.example'));
    expect(incidentsOf(findings)).toBe(2);
  });

  test('when a session brings two of them together', () => {
    const { findings, report } = tell();
    report('s1', to('x.example'));
    report('s2', to('y.example'));
    expect(incidentsOf(findings)).toBe(2);
    report('s3', to('x.example'));
    report('s3', { detector: 'cross_session', ...to('y.example') });
    expect(incidentsOf(findings)).toBe(1);
  });

  test('when they are only unusual, and of one principal at one kind of work', () => {
    const { findings, report } = tell();
    const unusual = {
      detector: 'temporal',
      certainty: 'scored',
      severity: 'warning',
      principal: 'ada',
    } as const;
    for (const session of ['s1', 's2', 's3']) report(session, unusual);
    expect(incidentsOf(findings)).toBe(1);
    report('s4', { ...unusual, principal: 'bo' });
    report('s5', { ...unusual, session_type: 'coding' });
    expect(incidentsOf(findings)).toBe(3);
  });
});

describe('findings are separate incidents', () => {
  test('of different families, however alike the destination', () => {
    const { findings, report } = tell();
    report('s1', to('x.example'));
    report('s2', { detector: 'credential_harvesting', ...to('x.example') });
    expect(incidentsOf(findings)).toBe(2);
  });

  test('when the earlier one has its verdict', () => {
    const { findings, report } = tell();
    const { id } = report('s1', to('x.example'));
    findings.judge({ finding: id, verdict: 'true_positive', time_ms: 0 });
    report('s2', to('x.example'));
    expect(incidentsOf(findings)).toBe(2);
  });
});

test('At the bound, warnings make room for each other and open critical findings stay; that is counted', async () => {
  const { findings, report, evicted } = tell(5);
  report('attacked', to('x.example'));
  for (let i = 0; i < 20; i++)
    report(`odd-${i}`, { detector: 'sequence', severity: 'warning', certainty: 'scored' });
  expect(findings.all).toHaveLength(5);
  expect(findings.of('attacked')).toHaveLength(1);
  expect(await evicted()).toBe(16);
});

test('A finding is written once when it is made and again when it grows, not when it is merely seen again', () => {
  const { findings, report } = tell();
  report('s1');
  expect([findings.urgent, findings.takeUnwritten().length]).toEqual([true, 1]);
  report('s1');
  expect([findings.urgent, findings.takeUnwritten().length]).toEqual([false, 0]);
  report('s1', { score: 2 });
  const changed = findings.takeUnwritten();
  expect([findings.urgent, changed.length]).toEqual([false, 1]);
  findings.putBack(changed);
  expect(findings.takeUnwritten()).toEqual(changed);
});

test('A finding that the journal has is taken up once, also when it was found again before', () => {
  const { report } = tell();
  const written = structuredClone(report('s1', { score: 5 }));
  const { findings: next, report: again } = tell();
  again('s1', { score: 3, severity: 'warning' });
  next.replay(written);
  next.replay(written);
  expect(next.all).toEqual([written]);
});
