import { describe, expect, test } from 'vitest';
import type { OverflowLabel } from '../../collector/catalogue/collector-metrics.ts';
import { client, endpoint, tool } from '../../collector/catalogue/labels.ts';
import { cleanLabelValue, endpointLabel, LabelBounds } from '../../collector/series-bounds.ts';

describe('a label value', () => {
  test.each([
    ['read_file', 'read_file'],
    ['  spaced\u00a0\u00a0out ', 'spaced out'],
    ['line\nbreak\r\ttab', 'line_break__tab'],
    ['right\u202eto\u200bleft', 'right_to_left'],
    ['half\ud800surrogate', 'half\ufffdsurrogate'],
    ['文件/読む', '文件/読む'],
    ['', '_unknown'],
    [' \u00a0 ', '_unknown'],
  ])('%j is written as %j', (sent, written) => {
    expect(cleanLabelValue(sent)).toBe(written);
  });

  test.each(['a'.repeat(10_000), `${'a'.repeat(126)}😀😀`, `${'b'.repeat(126)} c d e`, '\u0000'.repeat(300)])(
    'is at most 128 long, well formed, and the same when cleaned again (case %#)',
    (sent) => {
      const clean = cleanLabelValue(sent);
      expect(clean.length).toBeLessThanOrEqual(128);
      expect(clean.isWellFormed()).toBe(true);
      expect(cleanLabelValue(clean)).toBe(clean);
    },
  );
});

describe('the bound of a label', () => {
  test('keeps the values that came first and counts each one that is written as _other', () => {
    const overflows: OverflowLabel[] = [];
    const bounds = new LabelBounds((label) => overflows.push(label));
    const names = Array.from({ length: client.bound + 2 }, (_, i) => `client-${i}`);
    const written = names.map((name) => bounds.admit(client, name));
    expect(written).toEqual([...names.slice(0, client.bound), '_other', '_other']);
    expect(bounds.admit(client, 'client-0')).toBe('client-0');
    expect(overflows).toEqual(['client', 'client']);
  });

  test('is not used up by _other and _unknown, nor by another label', () => {
    const bounds = new LabelBounds(() => {});
    for (const name of ['_other', '_unknown']) expect(bounds.admit(client, name)).toBe(name);
    for (let i = 0; i < tool.bound; i++) bounds.admit(tool, `tool-${i}`);
    for (let i = 0; i < client.bound; i++) expect(bounds.admit(client, `c${i}`)).toBe(`c${i}`);
  });
});

test('An endpoint keeps both of its names whole, however long they are', () => {
  const name = endpointLabel('s'.repeat(500), 't'.repeat(500));
  expect(name).toHaveLength(257);
  expect(new LabelBounds(() => {}).clean(endpoint, name)).toBe(name);
});
