import { expect, test } from 'vitest';
import { formatTime, parseTime } from '../../../collector/receive/times.ts';
import { seeded } from '../../random.ts';

test.each([
  ['2026-11-21T09:30:15Z', Date.UTC(2026, 10, 21, 9, 30, 15)],
  ['2026-11-21t09:30:15z', Date.UTC(2026, 10, 21, 9, 30, 15)],
  ['2026-11-21T09:30:15.5Z', Date.UTC(2026, 10, 21, 9, 30, 15, 500)],
  ['2026-11-21T09:30:15.123456789Z', Date.UTC(2026, 10, 21, 9, 30, 15) + 123.456],
  ['2026-11-21T09:30:15+05:45', Date.UTC(2026, 10, 21, 3, 45, 15)],
  ['2026-11-21T00:10:00-01:00', Date.UTC(2026, 10, 21, 1, 10)],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
  ['1969-12-31T23:59:59Z', -1_000],
  ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
  ['2017-01-01T05:29:60+05:30', Date.UTC(2017, 0, 1)],
])('%s is read', (text, expected) => {
  expect(parseTime(text)).toBe(expected);
});

test.each([
  '2026-11-21T09:30:15',
  '2026-11-21 09:30:15Z',
  '2026-11-21T09:30Z',
  '2026-11-21T09:30:15.Z',
  '2026-11-21T09:30:15,5Z',
  '2026-11-21T09:30:15+0100',
  '2026-11-21T09:30:15+24:00',
  '2026-11-21T09:30:15+01:60',
  '2026-11-21T09:30:15Z ',
  ' 2026-11-21T09:30:15Z',
  '2026-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-13-10T00:00:00Z',
  '2026-11-00T00:00:00Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T09:60:00Z',
  '2026-11-21T09:30:61Z',
  '2026-11-21T09:30:60Z',
  '٢٠٢٦-11-21T09:30:15Z',
  '+026-11-21T09:30:15Z',
  '2026-11-21T-9:30:15Z',
  '12345678901234567890',
  '',
])('%s is refused', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test('every day of four centuries is the day that Date says', () => {
  for (let day = 0; day < 146_097; day++) {
    const date = new Date(Date.UTC(1800, 0, 1 + day, 12));
    if (parseTime(date.toISOString()) !== date.getTime()) expect.fail(date.toISOString());
  }
});

test('a time is written as the platform does, whatever was written before', () => {
  const next = seeded(20_261_121);
  const last = Date.parse('9999-12-31T23:59:59.999Z');
  for (let i = 0; i < 20_000; i++) {
    const timeMs = i % 3 === 0 ? next() * last : Date.parse('2026-11-21T09:30:15Z') + next() * 3_000;
    expect(formatTime(timeMs)).toBe(new Date(timeMs).toISOString());
  }
  for (const timeMs of [-1, 0, 999.999, 1_000, last, -62_167_219_200_000])
    expect(formatTime(timeMs)).toBe(new Date(timeMs).toISOString());
});
