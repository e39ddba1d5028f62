import { expect, test } from 'vitest';
import { checklist, conclusion } from '../../run/demo-text.ts';
import { judge } from '../../run/expectations.ts';
import type { Notice } from '../../run/pager.ts';
import type { Expectation } from '../../run/replay/scenarios.ts';

const expected: readonly Expectation[] = [
  { alert: 'AuthFailureBurst', labels: { source: '203.0.113.66' }, because: 'somebody guesses' },
  { alert: 'DlpBlockSpike', labels: {}, because: 'somebody exports' },
];

const notice = (
  alertname: string,
  labels: Record<string, string> = {},
  part: Partial<Notice> = {},
): Notice => ({
  receiver: 'page',
  status: 'firing',
  labels: { alertname, severity: 'critical', ...labels },
  annotations: { summary: `${alertname} happened` },
  sinceMs: 0,
  receivedMs: 0,
  ...part,
});
const plain = (_: unknown, text: string) => text;

const burst = notice('AuthFailureBurst', { source: '203.0.113.66' });
const spike = notice('DlpBlockSpike');

test('when every expected alert came and only Watchdog besides, all is well', () => {
  const verdict = judge(expected, [notice('Watchdog'), burst, spike]);
  expect(conclusion(verdict)).toBe('All 2 expected alerts came, and no other.');
  expect(checklist(expected, verdict, plain)).toEqual([
    expect.stringMatching(/^ {2}✓ \d\d:\d\d:\d\d {2}AuthFailureBurst +somebody guesses$/),
    expect.stringMatching(/^ {2}✓ \d\d:\d\d:\d\d {2}DlpBlockSpike +somebody exports$/),
  ]);
});

test('an alert that did not come is named and has no tick', () => {
  const verdict = judge(expected, [burst]);
  expect(conclusion(verdict)).toBe('Not as expected; missing: DlpBlockSpike.');
  expect(checklist(expected, verdict, plain)[1]).toMatch(/^ {2}· {11}DlpBlockSpike/);
});

test('the right alert for another source is both missing and not expected', () => {
  const other = notice('AuthFailureBurst', { source: '198.51.100.23' });
  const verdict = judge(expected, [other, spike]);
  expect(conclusion(verdict)).toBe(
    'Not as expected; missing: AuthFailureBurst; not expected: AuthFailureBurst.',
  );
  expect(checklist(expected, verdict, plain)[2]).toContain('not expected: AuthFailureBurst happened');
});

test('an alert that several receivers were told of counts once', () => {
  const other = notice('TargetDown');
  const verdict = judge(expected, [burst, spike, other, { ...other, receiver: 'notify' }]);
  expect(verdict.unexpected).toHaveLength(1);
});

test('the end of an alert is not the alert', () => {
  const verdict = judge(expected, [burst, { ...spike, status: 'resolved' }]);
  expect(verdict.missing.map(({ alert }) => alert)).toEqual(['DlpBlockSpike']);
  expect(verdict.unexpected).toEqual([]);
});
