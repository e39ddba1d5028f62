import { afterEach, beforeEach, expect, test } from 'vitest';
import { noticeLines, printable } from '../../run/notice-text.ts';
import { type Pager, startPager } from '../../run/pager.ts';

let pager: Pager;
const plain = (_: unknown, text: string) => text;

beforeEach(async () => {
  pager = await startPager(0);
});
afterEach(() => pager.close());

interface AlertPart {
  readonly status?: string;
  readonly labels?: object;
  readonly annotations?: object;
  readonly startsAt?: string;
}

const alert = (part: AlertPart = {}) => ({
  status: 'firing',
  labels: { alertname: 'AuthFailureBurst', severity: 'critical', source: '203.0.113.5' },
  annotations: {
    summary: '6 auth failures within 30s from 203.0.113.5',
    action: 'Block the source.',
    runbook_url: 'runbooks/ir-auth-failure.md',
  },
  startsAt: '2026-11-21T12:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: 'c0ffee',
  ...part,
});

const webhook = (alerts: readonly object[], receiver = 'page') =>
  JSON.stringify({ version: '4', receiver, status: 'firing', groupLabels: {}, alerts });

async function post(body: string | Uint8Array): Promise<{ status: number; text: string }> {
  const response = await fetch(pager.url, { method: 'POST', body: body as BodyInit });
  return { status: response.status, text: await response.text() };
}

test('a page is kept and reads as on-call needs it: severity, name, number, action, runbook, since', async () => {
  expect(await post(webhook([alert()]))).toMatchObject({ status: 200 });
  const text = noticeLines(pager.notices[0]!, plain).join('\n');
  expect(text).toMatch(/^PAGE {2}critical {2}AuthFailureBurst\n/);
  expect(text).toContain('6 auth failures within 30s from 203.0.113.5');
  expect(text).toMatch(/do +Block the source\./);
  expect(text).toMatch(/read +alerts\/runbooks\/ir-auth-failure\.md$/m);
  expect(text).toMatch(/since +\d\d:\d\d:\d\d, told to page at \d\d:\d\d:\d\d/);
  expect(text).toMatch(/labels +source=203\.0\.113\.5$/);
});

test('a warning is a notice, and what resolved says so', async () => {
  await post(webhook([alert({ labels: { alertname: 'LatencyDegradation', severity: 'warning' } })]));
  await post(webhook([alert({ status: 'resolved' })]));
  const headings = pager.notices.map((notice) => noticeLines(notice, plain)[0]);
  expect(headings).toEqual(['NOTICE  warning  LatencyDegradation', 'RESOLVED  AuthFailureBurst']);
});

test('long texts are broken between words, below the beginning of the text', async () => {
  const description = 'one two three '.repeat(20).trim();
  await post(webhook([alert({ annotations: { description } })]));
  const all = noticeLines(pager.notices[0]!, plain, 40);
  const lines = all.slice(
    1,
    all.findIndex((line) => line.startsWith('  since')),
  );
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.every((line) => line.length <= 40)).toBe(true);
  expect(lines.map((line) => line.slice(10)).join(' ')).toBe(description);
});

test('a repetition is no news; a change of state, a new start or another receiver is', async () => {
  await post(webhook([alert()]));
  await post(webhook([alert()]));
  expect(pager.notices).toHaveLength(1);
  await post(webhook([alert({ status: 'resolved' })]));
  await post(webhook([alert({ startsAt: '2026-11-21T13:00:00Z' })]));
  await post(webhook([alert({ startsAt: '2026-11-21T13:00:00Z' })], 'chat'));
  expect(pager.notices.map(({ status, receiver }) => `${receiver} ${status}`)).toEqual([
    'page firing',
    'page resolved',
    'page firing',
    'chat firing',
  ]);
});

test('what comes from outside cannot steer the terminal, whatever label it is in', async () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\r\nPAGE\u202etxt\u2028';
  const labels = JSON.parse(`{"alertname":"A","__proto__":${JSON.stringify(evil)}}`);
  await post(webhook([alert({ labels, annotations: { summary: evil } })]));
  const lines = noticeLines(pager.notices[0]!, plain);
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  expect(lines.join('\n')).toContain('__proto__=PAGE txt');
  expect(printable('x'.repeat(5_000)).length).toBeLessThan(500);
});

test.each([
  ['not JSON', '{', 400, 'not an Alertmanager webhook'],
  ['another shape', '{"receiver":"page","alerts":[{"status":"burning"}]}', 400, '/alerts/0'],
  ['more than a notification can have', new Uint8Array(2_000_000), 413, 'at most 1048576 bytes'],
])('%s is refused with a sentence and changes nothing', async (_, body, status, sentence) => {
  const answer = await post(body);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(sentence);
  expect(pager.notices).toEqual([]);
});

test('anything but a webhook is refused', async () => {
  expect((await fetch(pager.url)).status).toBe(405);
});

test('a port in use is said in one sentence', async () => {
  const port = Number(new URL(pager.url).port);
  await expect(startPager(port)).rejects.toThrow(`The pager's port ${port} is in use`);
});
