import { describe, expect, test } from 'vitest';
import {
  collectorDetectorErrors,
  collectorEvictions,
  collectorLearning,
  collectorSuspicions,
} from '../../../../collector/catalogue/collector-metrics.ts';
import type { Metric } from '../../../../collector/catalogue/metric.ts';
import { findings, sessionsContent } from '../../../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../../../collector/config.ts';
import { sampleValue } from '../../exposition.ts';
import { Desk } from './desk.ts';

/** A counter as a scrape shows it when the zero of new series has been seen. */
async function counted(
  desk: Desk,
  metric: Metric,
  labels: Record<string, string>,
): Promise<number | undefined> {
  await desk.instruments.exposition();
  desk.nowMs += 10_000;
  return sampleValue(await desk.instruments.exposition(), metric, labels);
}

const ordinary = Array.from({ length: 100 }, (_, i) => (i < 90 ? 0 : i - 89));

describe('what is confirmed', () => {
  test('pages from the first event, and tells which calls, where to and by what risk', async () => {
    const desk = new Desk();
    desk.call('s1', 'read_inbox');
    desk.nowMs += 2_000;
    desk.call('s1', 'confirm', { to: 'x.example', score: 3 });
    expect(desk.findings.all).toMatchObject([
      {
        detector: 'sequence',
        severity: 'critical',
        certainty: 'confirmed',
        status: 'open',
        session: 's1',
        session_type: 'support',
        principal: 'ada',
        user: 'ada',
        tool: 'confirm',
        score: 3,
        tool_risk: { provenance: 'name' },
        evidence: {
          destination: 'x.example',
          calls: [
            { index: 0, time_ms: desk.nowMs - 2_000, endpoint: 'mail/read_inbox' },
            { index: 1, time_ms: desk.nowMs, endpoint: 'mail/confirm' },
          ],
        },
      },
    ]);
    const labels = { detector: 'sequence', severity: 'critical', session_type: 'support' };
    expect(await counted(desk, findings, labels)).toBe(1);
  });

  test('keeps no passage unless that is configured', () => {
    const [without, withPassages] = [new Desk(), new Desk({ excerpts: true })];
    for (const desk of [without, withPassages]) desk.call('s1', 'confirm');
    expect(without.findings.all[0]?.evidence.excerpt).toBeUndefined();
    expect(withPassages.findings.all[0]?.evidence.excerpt).toBe('what was said');
  });

  test('goes to the digest when the pages of the day are spent, is counted, and pages again a day later', async () => {
    const desk = new Desk({ pagesPerDay: 2 });
    for (let i = 0; i < 4; i++) desk.call(`s${i}`, 'confirm', { to: `${i}.example` }, `user-${i}`);
    expect(desk.findings.all.map(({ severity }) => severity)).toEqual([
      'warning',
      'warning',
      'critical',
      'critical',
    ]);
    expect(await counted(desk, collectorSuspicions, { detector: 'sequence', fate: 'overflow' })).toBe(2);
    desk.pass(90_000);
    desk.call('next-day', 'confirm', { to: 'later.example' }, 'bo');
    expect(desk.findings.all[0]?.severity).toBe('critical');
  });

  test('costs one page for all sessions that show the same thing', () => {
    const desk = new Desk({ pagesPerDay: 1 });
    for (let i = 0; i < 5; i++) desk.call(`s${i}`, 'confirm', { to: 'x.example' }, `user-${i}`);
    expect(new Set(desk.findings.all.map(({ severity }) => severity))).toEqual(new Set(['critical']));
    expect(new Set(desk.findings.all.map(({ incident }) => incident)).size).toBe(1);
  });
});

describe('what is only unusual', () => {
  test('is told to nobody while too few sessions are known', async () => {
    const desk = new Desk();
    desk.call('s1', 'score', { score: 1_000 });
    expect(desk.findings.all).toEqual([]);
    expect(await counted(desk, collectorSuspicions, { detector: 'sequence', fate: 'learning' })).toBe(1);
  });

  test('is told when its score is rarer than the budget’s share of sessions, with the threshold', () => {
    const desk = new Desk();
    desk.history(ordinary);
    // 5 entries a day of 100 sessions, and no other detector to share them.
    desk.call('usual', 'score', { score: 5 });
    desk.call('rare', 'score', { score: 50 });
    expect(desk.findings.all).toMatchObject([{ session: 'rare', severity: 'warning', certainty: 'scored' }]);
    // Of 100 sessions 4 scored more than 6, and a fifth would be as many as all of the budget.
    expect(desk.findings.all[0]!.threshold).toBeCloseTo(6, 0);
  });

  test('is told to nobody while the detector knows too little of the session type', () => {
    const desk = new Desk();
    desk.history(ordinary);
    desk.detector.knowsTypes = false;
    desk.call('rare', 'score', { score: 50 });
    expect(desk.findings.all).toEqual([]);
  });

  test('keeps its threshold while an incident that paged is open, and moves it after the verdict', () => {
    const desk = new Desk();
    desk.history(ordinary);
    const before = desk.host.stateOf('sequence').threshold!;
    desk.call('s1', 'confirm', { to: 'x.example' });
    const attack = Array.from({ length: 200 }, () => 1_000);
    desk.history(attack);
    expect(desk.host.stateOf('sequence').threshold).toBe(before);
    desk.judge(desk.findings.of('s1')[0]!.id, 'benign');
    desk.pass(61);
    expect(desk.host.stateOf('sequence').threshold).toBeGreaterThan(before);
  });

  test('that merely supports is no finding, but stands beside one and raises its rank', () => {
    const desk = new Desk();
    desk.history(ordinary);
    desk.call('s1', 'hint', { score: 400 });
    expect(desk.findings.all).toEqual([]);
    const alone = new Desk();
    alone.history(ordinary);
    alone.call('s1', 'confirm', { score: 0 });
    desk.call('s1', 'confirm', { score: 0 });
    expect(desk.findings.all[0]!.risk).toBeGreaterThan(alone.findings.all[0]!.risk);
  });
});

describe('a verdict', () => {
  const told = () => {
    const desk = new Desk();
    desk.call('s1', 'confirm', { to: 'x.example' });
    return { desk, id: desk.findings.all[0]!.id };
  };

  test('of a false alarm or of what is allowed stops the same evidence, but nothing else', () => {
    for (const verdict of ['false_positive', 'benign'] as const) {
      const { desk, id } = told();
      desk.judge(id, verdict);
      expect(desk.findings.find(id)).toMatchObject({ status: 'dismissed', verdict: { verdict } });
      desk.call('s2', 'confirm', { to: 'x.example' }, 'bo');
      expect(desk.findings.all).toHaveLength(1);
      desk.call('s3', 'confirm', { to: 'y.example' }, 'bo');
      expect(desk.findings.all).toHaveLength(2);
    }
  });

  test('on tools with odd names is about these names, and not about others that look like them', () => {
    const odd = `read \u200b\u0007 ${'x'.repeat(240)}`;
    const desk = new Desk();
    const told = (session: string, tool: string) => {
      desk.call(session, tool);
      desk.call(session, 'confirm');
      return desk.findings.of(session);
    };
    const [first] = told('s1', odd);
    expect(first?.evidence.calls[0]).toMatchObject({ endpoint: `mail/${odd}` });
    desk.judge(first!.id, 'benign');
    expect(told('s2', odd)).toEqual([]);
    for (const [i, look] of [odd.replace('\u200b', ''), odd.slice(0, -1), odd.replaceAll(' ', '_')].entries())
      expect(told(`other-${i}`, look)).toHaveLength(1);
  });

  test('ends by itself after 30 days', () => {
    const { desk, id } = told();
    desk.judge(id, 'benign');
    desk.pass(31 * 86_400);
    desk.call('s2', 'confirm', { to: 'x.example' }, 'bo');
    expect(desk.findings.all).toHaveLength(2);
  });

  test('that is withdrawn opens the finding again, and the evidence is told again', () => {
    const { desk, id } = told();
    desk.judge(id, 'benign');
    desk.judge(id, 'withdrawn');
    expect(desk.findings.find(id)?.status).toBe('open');
    desk.call('s2', 'confirm', { to: 'x.example' }, 'bo');
    expect(desk.findings.all).toHaveLength(2);
  });

  test('of a false alarm makes the detector stricter, and a hit makes it as it was', () => {
    const desk = new Desk();
    desk.history(ordinary);
    const before = desk.host.stateOf('sequence').threshold!;
    desk.call('s1', 'score', { score: 50 });
    const { id } = desk.findings.all[0]!;
    desk.judge(id, 'false_positive');
    const strict = desk.host.stateOf('sequence').threshold!;
    expect(strict).toBeGreaterThan(before);
    desk.judge(id, 'true_positive');
    expect(desk.host.stateOf('sequence').threshold).toBe(before);
  });

  test('on a session does not stop what the same session sends elsewhere later', async () => {
    const { desk, id } = told();
    desk.judge(id, 'benign');
    desk.nowMs += 1_000;
    desk.call('s1', 'confirm', { to: 'x.example' });
    expect(desk.findings.find(id)?.status).toBe('dismissed');
    desk.call('s1', 'confirm', { to: 'evil.example', score: 0.5 });
    expect(desk.findings.find(id)).toMatchObject({
      status: 'open',
      severity: 'critical',
      evidence: { destination: 'evil.example' },
    });
    const labels = { detector: 'sequence', severity: 'critical', session_type: 'support' };
    expect(await counted(desk, findings, labels)).toBe(2);
  });

  test('on an incident of many findings is one word about the detector, and gives its share back when withdrawn', () => {
    const desk = new Desk({ pagesPerDay: 100 });
    desk.history(Array.from({ length: 1_000 }, (_, i) => (i < 900 ? 0 : i - 899)));
    const before = desk.host.stateOf('sequence').threshold!;
    desk.call('single', 'confirm', { to: 'y.example' }, 'bo');
    desk.judge(desk.findings.all[0]!.id, 'false_positive');
    const halved = desk.host.stateOf('sequence').threshold!;
    desk.judge(desk.findings.all[0]!.id, 'false_positive');
    expect(desk.host.stateOf('sequence').threshold).toBe(halved);
    desk.judge(desk.findings.all[0]!.id, 'withdrawn');
    expect(desk.host.stateOf('sequence').threshold).toBe(before);
    for (let i = 0; i < 6; i++) desk.call(`s${i}`, 'confirm', { to: 'x.example' }, `user-${i}`);
    for (const { id } of desk.findings.incident(desk.findings.of('s0')[0]!.incident))
      desk.judge(id, 'false_positive');
    expect(desk.host.stateOf('sequence').threshold).toBe(halved);
  });
});

describe('an ended session', () => {
  test('teaches the baselines when nothing was found in it, and is counted either way', async () => {
    const desk = new Desk();
    desk.call('calm', 'read');
    desk.call('attacked', 'confirm');
    desk.end('calm');
    desk.end('attacked');
    expect(desk.detector.learnt).toEqual(['calm']);
    expect(await counted(desk, collectorLearning, { result: 'learnt' })).toBe(1);
    expect(await counted(desk, collectorLearning, { result: 'finding' })).toBe(1);
  });

  test('teaches when its finding was dismissed before it ended', () => {
    const desk = new Desk();
    desk.call('s1', 'confirm');
    desk.judge(desk.findings.all[0]!.id, 'benign');
    desk.end('s1');
    expect(desk.detector.learnt).toEqual(['s1']);
  });

  test('of a principal who taught more than a share teaches no more; one who is alone goes on', () => {
    const desk = new Desk();
    const run = (user: string) => {
      const id = `${user}-${desk.nowMs++}`;
      desk.call(id, 'read', undefined, user);
      desk.end(id);
    };
    for (let i = 0; i < 100; i++) run(`user-${i % 25}`);
    for (let i = 0; i < 100; i++) run('mallory');
    const taught = desk.detector.learnt.filter((id) => id.startsWith('mallory')).length;
    expect(taught).toBeGreaterThan(5);
    expect(taught).toBeLessThan(15);

    const alone = new Desk();
    for (let i = 0; i < 200; i++) {
      alone.call(`s${i}`, 'read', undefined, 'service');
      alone.end(`s${i}`);
    }
    expect(alone.detector.learnt).toHaveLength(200);
  });

  test('is counted by how much of its content could be read', async () => {
    const desk = new Desk();
    desk.call('all', 'read', { path: 'a' });
    desk.call('some', 'read', { path: 'a' });
    desk.call('some', 'read');
    desk.call('none', 'read');
    for (const id of ['all', 'some', 'none']) desk.end(id);
    for (const content of ['all', 'some', 'none'])
      expect(await counted(desk, sessionsContent, { content })).toBe(1);
  });
});

test('Principals that somebody makes up share one place once there are more than can be told apart', () => {
  const desk = new Desk();
  for (let i = 0; i < 1_500; i++) {
    desk.call(`s${i}`, 'read', undefined, `made-up-${i}`);
    desk.end(`s${i}`);
  }
  expect(desk.detector.learnt.length).toBeGreaterThan(1_050);
  expect(desk.detector.learnt.length).toBeLessThan(1_150);
});

test('What is read back from the journal takes no pages of today', () => {
  const desk = new Desk({ pagesPerDay: 1 }, {}, false);
  desk.agoMs = 3 * 86_400_000;
  desk.call('old', 'confirm', { to: 'x.example' });
  desk.agoMs = 0;
  desk.host.live();
  desk.call('now', 'confirm', { to: 'y.example' }, 'bo');
  expect(desk.findings.of('now')).toMatchObject([{ severity: 'critical' }]);
});

test('A page of a clock that was ahead does not hold its place for long', () => {
  const desk = new Desk({ pagesPerDay: 1 });
  desk.nowMs += 365 * 86_400_000;
  desk.call('ahead', 'confirm', { to: 'x.example' });
  desk.nowMs -= 365 * 86_400_000;
  desk.call('later', 'confirm', { to: 'y.example' }, 'bo');
  expect(desk.findings.of('later')).toMatchObject([{ severity: 'critical' }]);
});

test('A detector that trips costs neither the event nor the other detectors, is counted and told of once', async () => {
  const desk = new Desk();
  for (let i = 0; i < 3; i++) desk.call('s1', 'trip');
  desk.call('s1', 'confirm');
  expect(desk.findings.all).toHaveLength(1);
  expect(desk.faults).toEqual(['sequence: over this']);
  expect(await counted(desk, collectorDetectorErrors, { detector: 'sequence' })).toBe(3);
});

test('A detector that is switched off, or detection as a whole, is shown nothing', () => {
  for (const detection of [{ off: ['sequence' as const] }, { enabled: false }]) {
    const desk = new Desk(detection);
    desk.call('s1', 'confirm');
    expect(desk.findings.all).toEqual([]);
    expect(desk.host.stateOf('sequence').state).toBe('switched off');
  }
});

test('What was learnt and what humans said survive a restart; what hangs on open sessions does not', () => {
  const before = new Desk();
  before.history(ordinary);
  before.call('s1', 'confirm', { to: 'x.example' });
  before.judge(before.findings.all[0]!.id, 'benign');
  const saved = before.saved();
  const next = new Desk();
  expect(next.host.restore(saved)).toBe(true);
  expect(next.host.stateOf('sequence')).toEqual(before.host.stateOf('sequence'));
  expect(next.detector.learnt).toEqual(before.detector.learnt);
  next.call('s2', 'confirm', { to: 'x.example' });
  expect(next.findings.all).toEqual([]);
});

test('Baselines are made into text once a minute, but for the last snapshot', () => {
  const desk = new Desk();
  const learnt = (last: boolean) => {
    const { detectors } = desk.saved(last) as { detectors: [string, string[]][] };
    return detectors.find(([name]) => name === 'sequence')![1].length;
  };
  const teach = () => {
    const id = `s${desk.nowMs++}`;
    desk.call(id, 'read');
    desk.end(id);
  };
  teach();
  expect(learnt(false)).toBe(1);
  teach();
  expect([learnt(false), learnt(true)]).toEqual([1, 2]);
  teach();
  desk.pass(61);
  expect(learnt(false)).toBe(3);
});

test('Learning starts anew on demand, or with what another collector learnt', () => {
  const desk = new Desk();
  desk.history(ordinary);
  const exported = JSON.parse(JSON.stringify(desk.host.learnt()));
  desk.host.relearn();
  expect(desk.detector.learnt).toEqual([]);
  expect(desk.host.stateOf('sequence').threshold).toBeUndefined();
  expect(desk.host.relearn(exported)).toEqual([]);
  expect(desk.host.stateOf('sequence').threshold).toBeDefined();
  const odd = { detectors: [null, 1, ['sequence', 'wrong']], types: [{ toString: 1 }], budget: 1 };
  expect(desk.host.relearn(odd)).toEqual(['sequence', 'budget', 'shares']);
});

test('what makes room in a detector’s tables is counted once', async () => {
  const desk = new Desk();
  desk.host.tick(desk.nowMs);
  expect(await counted(desk, collectorEvictions, { table: 'detectors' })).toBe(0);
  desk.detector.madeRoom = 7;
  desk.host.tick(desk.nowMs);
  desk.host.tick(desk.nowMs);
  expect(await counted(desk, collectorEvictions, { table: 'detectors' })).toBe(7);
});

test('Allowed evidence is bounded: the oldest entry is told of again, and that is counted', async () => {
  const desk = new Desk({ pagesPerDay: 2_000 }, { limits: { ...collectorDefaults.limits, findings: 5 } });
  for (let i = 0; i < 1_001; i++) {
    desk.call(`s${i}`, 'confirm', { to: `${i}.example` }, `user-${i}`);
    desk.judge(desk.findings.all[0]!.id, 'benign');
  }
  expect(await counted(desk, collectorEvictions, { table: 'verdicts' })).toBe(1);
  desk.call('again', 'confirm', { to: '0.example' }, 'bo');
  expect(desk.findings.of('again')).toHaveLength(1);
  desk.call('later', 'confirm', { to: '1.example' }, 'bo');
  expect(desk.findings.of('later')).toEqual([]);
});
