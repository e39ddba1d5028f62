import { describe, expect, test } from 'vitest';
import { collectorEvictions, collectorLateEvents } from '../../../collector/catalogue/collector-metrics.ts';
import {
  authFailures,
  authFailuresWindowPeak,
  dlpBlocks,
  dlpBlocksWindowPeak,
} from '../../../collector/catalogue/metrics.ts';
import { samplesFor } from '../exposition.ts';
import { Lookout } from './lookout.ts';

const burstWindows = [
  { event: 'auth_failure', windowSeconds: 30, limit: 5 },
  { event: 'dlp_block', windowSeconds: 60, limit: 10 },
] as const;

const lookout = (options: ConstructorParameters<typeof Lookout>[0] = {}) =>
  new Lookout({ burstWindows: [...burstWindows], ...options });

function failures(of: Lookout, source: string, count: number, agoSeconds = 0): void {
  for (let i = 0; i < count; i++) of.send('auth_failure', { source }, agoSeconds);
}

const peaks = async (of: Lookout) =>
  Object.fromEntries(
    samplesFor(await of.scrape(), authFailuresWindowPeak).map(({ labels, value }) => [labels.source, value]),
  );

describe('auth failures', () => {
  test('of a source never seen before are at the next scrape, whole', async () => {
    const mcp = lookout();
    failures(mcp, '198.51.100.7', 6);
    expect(await peaks(mcp)).toEqual({ '198.51.100.7': 6 });
  });

  test('of one source do not add up with those of another', async () => {
    const mcp = lookout();
    failures(mcp, '198.51.100.7', 3);
    failures(mcp, '198.51.100.8', 4);
    expect(await peaks(mcp)).toEqual({ '198.51.100.7': 3, '198.51.100.8': 4 });
  });

  test('are one source whatever the port, the zone or the address within an IPv6 /64', async () => {
    const mcp = lookout();
    for (const source of ['2001:db8::1', '2001:db8::ffff', '[2001:db8::2]:443', '2001:db8::3%eth0']) {
      failures(mcp, source, 1);
    }
    expect(await peaks(mcp)).toEqual({ '2001:db8::/64': 4 });
  });

  test('below half the limit are not exposed, so that quiet sources are no series', async () => {
    const mcp = lookout();
    failures(mcp, '198.51.100.7', 2);
    expect(await peaks(mcp)).toEqual({});
  });

  test('stay visible for two scrape intervals and 5 s, then are gone', async () => {
    const mcp = lookout();
    failures(mcp, '198.51.100.7', 6);
    mcp.pass(14.9);
    expect(await peaks(mcp)).toEqual({ '198.51.100.7': 6 });
    mcp.pass(0.1);
    expect(await peaks(mcp)).toEqual({});
  });

  test('that come late but within the bound still make a burst', async () => {
    const mcp = lookout();
    failures(mcp, '198.51.100.7', 6, 300);
    expect(await peaks(mcp)).toEqual({ '198.51.100.7': 6 });
    expect(await mcp.value(collectorLateEvents)).toBe(0);
  });

  test('that come later than the bound are counted, as failures and as late, but make no burst', async () => {
    const mcp = lookout();
    failures(mcp, '198.51.100.7', 6, 301);
    expect(await peaks(mcp)).toEqual({});
    expect(await mcp.value(collectorLateEvents)).toBe(6);
    expect(await mcp.value(authFailures, { reason: 'other' })).toBe(6);
  });

  test('delivered at once make no burst out of ten quiet minutes', async () => {
    const mcp = lookout({ latenessSeconds: 700 });
    for (let i = 0; i < 100; i++) mcp.send('auth_failure', { source: '198.51.100.7' }, i * 6);
    expect(await peaks(mcp)).toEqual({ '198.51.100.7': 5 });
  });

  test('of more sources than windowKeys evict the source heard of longest ago, and say so', async () => {
    const mcp = lookout({ limits: { windowKeys: 100 } });
    failures(mcp, '192.0.2.1', 6);
    for (let i = 0; i < 99; i++) failures(mcp, `198.51.100.${i}`, 1);
    failures(mcp, '192.0.2.1', 1);
    for (let i = 0; i < 50; i++) failures(mcp, `203.0.113.${i}`, 1);
    expect(await peaks(mcp)).toEqual({ '192.0.2.1': 7 });
    expect(await mcp.value(collectorEvictions, { table: 'window_keys' })).toBe(50);
  });

  test('of more sources than windowSeries are exposed from the largest down', async () => {
    const mcp = lookout({ limits: { windowSeries: 2 } });
    for (let i = 1; i <= 6; i++) failures(mcp, `192.0.2.${i}`, 3 + i);
    expect(await peaks(mcp)).toEqual({ '192.0.2.6': 9, '192.0.2.5': 8 });
  });

  test('are told apart by source even when a source is called like an object member', async () => {
    const mcp = lookout();
    failures(mcp, '__proto__', 6);
    failures(mcp, 'constructor', 3);
    expect(await peaks(mcp)).toEqual(
      Object.fromEntries([
        ['__proto__', 6],
        ['constructor', 3],
      ]),
    );
  });
});

describe('DLP blocks', () => {
  const peak = (mcp: Lookout) => mcp.gauge(dlpBlocksWindowPeak, { window: '60s' });

  test('are 0 while there are none, and 11 after eleven within 60 s from any tools', async () => {
    const mcp = lookout();
    expect(await peak(mcp)).toBe(0);
    for (let i = 0; i < 11; i++) mcp.send('dlp_block', { tool: `tool-${i}`, server: `server-${i}` }, i * 5);
    expect(await peak(mcp)).toBe(11);
  });

  test('are 10 for eleven of which two are exactly 60 s apart', async () => {
    const mcp = lookout();
    for (let i = 0; i < 11; i++) mcp.send('dlp_block', {}, i * 6);
    expect(await peak(mcp)).toBe(10);
  });

  test('survive a restart, with those of before and after in one window', async () => {
    const before = lookout();
    for (let i = 0; i < 6; i++) before.send('dlp_block');
    const { next } = before.restarted();
    next.pass(20);
    for (let i = 0; i < 5; i++) next.send('dlp_block');
    expect(await peak(next)).toBe(11);
    expect(await next.value(dlpBlocks, { rule: 'card-number' })).toBe(11);
  });
});

test('Events that were in time but are processed again long after do not count as a burst of now', async () => {
  const mcp = lookout();
  failures(mcp, '198.51.100.7', 6, 3_600);
  expect(await peaks(mcp)).toEqual({});
});

test('Windows that differ only in their limit are one series, shown from the lower limit on', async () => {
  const event = 'auth_failure' as const;
  const mcp = new Lookout({
    burstWindows: [
      { event, windowSeconds: 30, limit: 100 },
      { event, windowSeconds: 30, limit: 4 },
      { event, windowSeconds: 60, limit: 4 },
    ],
  });
  failures(mcp, '192.0.2.1', 2);
  const found = samplesFor(await mcp.scrape(), authFailuresWindowPeak);
  expect(found.map(({ labels, value }) => [labels.window, value])).toEqual([
    ['30s', 2],
    ['60s', 2],
  ]);
});

test('Windows that nobody asks for any more are dropped on restart', async () => {
  const before = lookout();
  failures(before, '192.0.2.1', 6);
  const { next, startedClean } = before.restarted({ burstWindows: [] });
  expect(startedClean).toEqual([]);
  expect(await peaks(next)).toEqual({});
});
