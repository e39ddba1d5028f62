import { describe, expect, test } from 'vitest';
import { exposedMetrics } from '../../collector/catalogue/catalogue.ts';
import { collectorLastEvent, collectorSeriesOverflow } from '../../collector/catalogue/collector-metrics.ts';
import { outcomes } from '../../collector/catalogue/labels.ts';
import {
  authFailuresWindowPeak,
  crossToolBytes,
  sessionsActive,
  toolCallBytes,
  toolCallDuration,
  toolCalls,
} from '../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { samplesFor, samplesOf, sampleValue } from './exposition.ts';

const call = { server: 'files', tool: 'read', client: 'agent', outcome: 'ok' } as const;

function setUp(limits: Partial<typeof collectorDefaults.limits> = {}) {
  const clock = { nowMs: 0 };
  const config = { ...collectorDefaults, limits: { ...collectorDefaults.limits, ...limits } };
  const instruments = createInstruments(config, () => clock.nowMs);
  const scrapeAt = (seconds: number) => {
    clock.nowMs = seconds * 1_000;
    return instruments.exposition();
  };
  return { instruments, scrapeAt };
}

describe('a new counter', () => {
  test('is shown at zero first and with all it counted once 1.5 scrape intervals have passed', async () => {
    const { instruments, scrapeAt } = setUp();
    instruments.inc(toolCalls, call, 300);
    expect(sampleValue(await scrapeAt(2), toolCalls, call)).toBe(0);
    instruments.inc(toolCalls, call, 20);
    expect(sampleValue(await scrapeAt(7), toolCalls, call)).toBe(0);
    expect(sampleValue(await scrapeAt(12), toolCalls, call)).toBe(320);
    instruments.inc(toolCalls, call);
    expect(sampleValue(await scrapeAt(12.1), toolCalls, call)).toBe(321);
  });

  test.each([0.1, 1, 2.4, 2.6, 4.9])('is seen at zero by two scrapers %s s apart', async (phase) => {
    const { instruments, scrapeAt } = setUp();
    await scrapeAt(0);
    instruments.inc(toolCalls, call, 5);
    const seen: Record<'a' | 'b', number[]> = { a: [], b: [] };
    for (let round = 0; round < 4; round++) {
      for (const [scraper, at] of [
        ['a', 5 + round * 5],
        ['b', 5 + round * 5 + phase],
      ] as const) {
        seen[scraper].push(sampleValue(await scrapeAt(at), toolCalls, call) as number);
      }
    }
    for (const values of Object.values(seen)) {
      expect(values[0]).toBe(0);
      expect(values.at(-1)).toBe(5);
    }
  });

  test('loses nothing when nobody scrapes for long', async () => {
    const { instruments, scrapeAt } = setUp();
    for (let i = 0; i < 10_000; i++) instruments.inc(toolCalls, call);
    expect(sampleValue(await scrapeAt(3_600), toolCalls, call)).toBe(0);
    expect(sampleValue(await scrapeAt(3_608), toolCalls, call)).toBe(10_000);
  });

  test('is born together with every value of its closed labels', async () => {
    const { instruments, scrapeAt } = setUp();
    instruments.inc(toolCalls, { ...call, outcome: 'tool_error' }, 100);
    instruments.inc(toolCallBytes, { server: 'files', tool: 'read', direction: 'response' }, 7);
    await scrapeAt(0);
    instruments.inc(toolCalls, call, 200);
    const text = await scrapeAt(8);
    const values = samplesFor(text, toolCalls).map(({ labels, value }) => [labels.outcome, value]);
    expect(values.map(([outcome]) => outcome)).toEqual(outcomes);
    expect(Object.fromEntries(values)).toMatchObject({ ok: 200, tool_error: 100, denied: 0 });
    expect(sampleValue(text, toolCallBytes, { direction: 'request' })).toBe(0);
  });
});

describe('a histogram', () => {
  test('is held with all its parts, then shows cumulative buckets, sum and count', async () => {
    const { instruments, scrapeAt } = setUp();
    const labels = { server: 'files', tool: 'read' };
    for (const seconds of [0.01, 0.011, 2, 2.001, 1_000])
      instruments.observe(toolCallDuration, labels, seconds);
    const held = await scrapeAt(0);
    expect(samplesFor(held, toolCallDuration, '_bucket').every(({ value }) => value === 0)).toBe(true);
    expect(sampleValue(held, toolCallDuration, {}, '_sum')).toBe(0);
    const text = await scrapeAt(8);
    const bucket = (le: string) => sampleValue(text, toolCallDuration, { le }, '_bucket');
    expect([bucket('0.01'), bucket('0.02'), bucket('2'), bucket('5'), bucket('300'), bucket('+Inf')]).toEqual(
      [1, 2, 3, 4, 4, 5],
    );
    expect(sampleValue(text, toolCallDuration, {}, '_count')).toBe(5);
    expect(sampleValue(text, toolCallDuration, {}, '_sum')).toBeCloseTo(1_004.022);
  });
});

describe('a gauge', () => {
  test('is shown at once, and is absent until it is set and after a reset', async () => {
    const { instruments, scrapeAt } = setUp();
    expect(sampleValue(await scrapeAt(0), collectorLastEvent)).toBeUndefined();
    instruments.set(collectorLastEvent, {}, 12.5);
    instruments.set(sessionsActive, { session_type: 'a', client: 'b' }, 3);
    expect(sampleValue(await scrapeAt(0), collectorLastEvent)).toBe(12.5);
    instruments.reset(sessionsActive);
    expect(samplesFor(await scrapeAt(0), sessionsActive)).toEqual([]);
  });

  test('is brought up to date right before each scrape', async () => {
    const { instruments, scrapeAt } = setUp();
    let updates = 0;
    instruments.beforeScrape(() => instruments.set(collectorLastEvent, {}, ++updates));
    await scrapeAt(0);
    expect(sampleValue(await scrapeAt(1), collectorLastEvent)).toBe(2);
  });
});

describe('series from outside', () => {
  test('are at most as many as the label allows, the rest is _other and counted', async () => {
    const { instruments, scrapeAt } = setUp();
    for (let i = 0; i < 100_000; i++) instruments.inc(toolCalls, { ...call, client: `client-${i}` });
    await scrapeAt(0);
    const text = await scrapeAt(8);
    const clients = new Set(samplesFor(text, toolCalls).map(({ labels }) => labels.client));
    expect(clients.size).toBe(51);
    expect(sampleValue(text, toolCalls, { client: '_other', outcome: 'ok' })).toBe(99_950);
    expect(sampleValue(text, toolCalls, { client: 'client-0', outcome: 'ok' })).toBe(1);
    expect(sampleValue(text, collectorSeriesOverflow, { label: 'client' })).toBe(99_950);
  });

  test('of one metric are at most seriesPerMetric sets of open labels, then all are _other', async () => {
    const { instruments, scrapeAt } = setUp({ seriesPerMetric: 10 });
    for (let i = 0; i < 100; i++) instruments.inc(crossToolBytes, { from: `a/${i}`, to: `b/${i}` }, 2);
    await scrapeAt(0);
    const text = await scrapeAt(8);
    expect(samplesFor(text, crossToolBytes)).toHaveLength(11);
    expect(sampleValue(text, crossToolBytes, { from: '_other', to: '_other' })).toBe(180);
    expect(sampleValue(text, collectorSeriesOverflow, { label: 'series' })).toBe(90);
  });

  test('that are not counted in gauges are left out beyond seriesPerMetric', async () => {
    const { instruments, scrapeAt } = setUp({ seriesPerMetric: 3 });
    for (let i = 0; i < 5; i++)
      instruments.set(authFailuresWindowPeak, { window: '30s', source: `192.0.2.${i}` }, i);
    const sources = samplesFor(await scrapeAt(0), authFailuresWindowPeak).map(({ labels }) => labels.source);
    expect(sources).toEqual(['192.0.2.0', '192.0.2.1', '192.0.2.2']);
  });

  test('never share a series because their labels look alike when joined', async () => {
    const { instruments, scrapeAt } = setUp();
    instruments.inc(toolCalls, { ...call, server: 'a|b', tool: 'c' }, 1);
    instruments.inc(toolCalls, { ...call, server: 'a', tool: 'b|c' }, 10);
    await scrapeAt(0);
    const text = await scrapeAt(8);
    expect(sampleValue(text, toolCalls, { server: 'a|b', outcome: 'ok' })).toBe(1);
    expect(sampleValue(text, toolCalls, { server: 'a', outcome: 'ok' })).toBe(10);
  });

  test.each(['__proto__', 'constructor', '_other', '_unknown', 'a"} 1\nforged{b="c', 'Ünïcödé 工具', '\\'])(
    'may be called %j without harm to others',
    async (name) => {
      const { instruments, scrapeAt } = setUp();
      instruments.inc(toolCalls, { ...call, server: name, tool: name, client: name }, 4);
      instruments.inc(toolCalls, call, 2);
      await scrapeAt(0);
      const text = await scrapeAt(8);
      const known = new Set(Object.values(exposedMetrics).map((metric) => metric.name));
      const names = new Set(samplesOf(text).map((sample) => sample.name.replace(/_(bucket|sum|count)$/, '')));
      for (const sampled of names)
        expect(known.has(sampled) || /^(nodejs|process)_/.test(sampled)).toBe(true);
      expect(samplesFor(text, toolCalls)).toHaveLength(2 * outcomes.length);
      expect(sampleValue(text, toolCalls, call)).toBe(2);
      expect(({} as Record<string, unknown>).value).toBeUndefined();
    },
  );
});

describe('values', () => {
  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('of %s are refused by name', (value) => {
    const { instruments } = setUp();
    expect(() => instruments.inc(toolCalls, call, value)).toThrow(`${toolCalls.name} cannot grow by`);
  });

  test('of a closed label that does not exist are refused by name', () => {
    const { instruments } = setUp();
    expect(() => instruments.inc(toolCalls, { ...call, outcome: 'fine' as 'ok' })).toThrow(
      `${toolCalls.name} has no series for outcome = fine`,
    );
  });
});
