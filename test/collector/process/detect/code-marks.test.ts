import { expect, test } from 'vitest';
import { codeMarks } from '../../../../collector/process/detect/argument-drift/code-marks.ts';

const density = (text: string) => (100 * codeMarks(text, text.length)) / text.length;

test.each([
  'def area(width, height):\n    return width * height',
  "if (rows.length === 0) throw new Error('none');",
  'SELECT name, city FROM customers WHERE id = 7',
  "' UNION SELECT login, secret FROM staff --",
  'items.map((one) => one.price ?? 0)',
])('code has many marks: %s', (text) => {
  expect(density(text)).toBeGreaterThan(6);
});

test.each([
  'Please select one of the reports from last week, and let me know where it is.',
  'I will return on Friday; until then ask Anna (she knows) or Ben.',
  'The price is up 20 % and the rest of the order is at https://shop.example/a/b-c.',
  'Отчёт за прошлую неделю готов (см. приложение).',
])('sentences have hardly any: %s', (text) => {
  expect(density(text)).toBeLessThan(3.5);
});

test('only what stands within the length is looked at', () => {
  expect(codeMarks('some words {}();', 10)).toBe(0);
  expect(codeMarks('', 0)).toBe(0);
});
