import { describe, expect, test } from 'vitest';
import { bytes, count, duration, moment } from '../../../collector/pages/format.ts';
import { html } from '../../../collector/pages/html.ts';

test.each([
  [0, '0 ms'],
  [849.6, '850 ms'],
  [1_000, '1 s'],
  [4_230, '4.2 s'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [5_430_000, '1 h 30 min'],
  [187_200_000, '2 d 4 h'],
])('A duration of %d ms reads %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [12_345, '12.3 kB'],
  [5_000_000_000, '5 GB'],
  [Number.MAX_SAFE_INTEGER, '9.01 PB'],
])('A size of %d bytes reads %s', (size, text) => {
  expect(bytes(size)).toBe(text);
});

test('A large count is grouped, and a moment has its exact time for machines', () => {
  expect(count(1_234_567)).toBe('1\u202f234\u202f567');
  expect(moment(Date.parse('2026-11-21T09:30:00.123Z')).text).toBe(
    '<time class="time" datetime="2026-11-21T09:30:00.123Z">2026-11-21 09:30:00</time>',
  );
});

describe('the HTML template', () => {
  test('escapes text, keeps HTML made with it, and joins lists', () => {
    const items = ['<b>', '"', "'", '&'].map((text) => html`<li title="${text}">${text}</li>`);
    expect(html`<ul>${items}</ul>${undefined}${0}`.text).toBe(
      '<ul><li title="&lt;b&gt;">&lt;b&gt;</li><li title="&quot;">&quot;</li><li title="&#39;">&#39;</li><li title="&amp;">&amp;</li></ul>0',
    );
  });

  test('makes invisible and reordering characters visible', () => {
    expect(html`${'a\u202eb\u0000c\u200bd\ud800e\nf'}`.text).toBe('a\ufffdb\ufffdc\ufffdd\ufffde\nf');
  });
});
