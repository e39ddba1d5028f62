import { describe, expect, test } from 'vitest';
import { ArgumentDrift } from '../../../../collector/process/detect/argument-drift/argument-drift.ts';
import { fingerprintOf } from '../../../../collector/process/detect/argument-drift/fingerprint.ts';
import { random } from '../../../../run/replay/random.ts';
import { driven, type WrittenSession } from './driven.ts';

const { fraction, pick, chance } = random(1, 'argument drift');

const words =
  'please send the report of last week to our partner before Friday and ask whether they have any questions about it'.split(
    ' ',
  );

/** A sentence that nobody wrote before. */
function sentence(): string {
  const text = Array.from({ length: 6 + Math.floor(fraction() * 10) }, () => pick(words)).join(' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${pick(['.', '?', ', thank you.'])}`;
}

const code = () => {
  const name = fraction().toString(36).slice(2, 8);
  return `for (const ${name} of items) { ${name}.data[${Math.floor(fraction() * 99)}] ^= 0x5f; send(\`\${${name}}\`); }`;
};

const mail = (body: string): WrittenSession => ({ calls: [{ tool: 'send_mail', args: { body } }] });

function taught(values = 300) {
  const detector = new ArgumentDrift();
  const { run } = driven(detector);
  for (let i = 0; i < values; i++) run({ ...mail(sentence()), learn: true });
  return { detector, run };
}

/** Values until something is said; undefined if nothing is, in 400. */
function until(run: ReturnType<typeof driven>['run'], value: () => string): number | undefined {
  for (let i = 1; i <= 400; i++) if (run(mail(value())).length > 0) return i;
  return undefined;
}

describe('an argument that holds something else than it used to', () => {
  test('is found within ten values when all are code', () => {
    expect(until(taught().run, code)).toBeLessThanOrEqual(10);
  });

  test('is found within thirty values when every fifth is', () => {
    const found = Array.from({ length: 21 }, () =>
      until(taught().run, () => (chance(0.2) ? code() : sentence())),
    );
    expect(found.map((values) => values ?? 400).sort((a, b) => a - b)[10]).toBeLessThanOrEqual(30);
  });

  test('is found when values are encoded', () => {
    const encoded = () => Buffer.from(sentence() + sentence()).toString('base64');
    expect(until(taught().run, () => (chance(0.3) ? encoded() : sentence()))).toBeLessThanOrEqual(40);
  });

  test('is told with the counts and never with the value', () => {
    const { run } = taught();
    let told = run(mail(code()));
    while (told.length === 0) told = run(mail(code()));
    expect(told[0]?.certainty).toBe('scored');
    expect(told[0]?.message).toMatch(
      /^`send_mail\.body`: \d+ of the last \d+ values look unlike the 200 of this argument that are known \(2 of 100 do by chance\); [a-z\d ]+: [\d.]+ here, [\d.]+ in the median\.$/,
    );
  });
});

describe('values that only look different', () => {
  test('are never an alarm when they are the usual ones', () => {
    const { run } = taught();
    for (let i = 0; i < 3_000; i++) expect(run(mail(sentence()))).toEqual([]);
  });

  test('may be in other languages and scripts', () => {
    const { run } = taught();
    const others = [
      'Пришлите, пожалуйста, отчёт за прошлую неделю до пятницы',
      '请在星期五之前把上周的报告发给我，谢谢',
      'Bitte schicken Sie mir den Bericht der letzten Woche bis Freitag',
      'الرجاء إرسال تقرير الأسبوع الماضي قبل يوم الجمعة',
      '昨日の会議の議事録を送っていただけますか',
    ];
    for (let i = 0; i < 1_000; i++)
      expect(run(mail(chance(0.3) ? `${pick(others)} ${pick(others)}` : sentence()))).toEqual([]);
  });

  test('tell nothing when one value comes again and again', () => {
    const { run } = taught();
    const same = code();
    for (let i = 0; i < 200; i++) expect(run(mail(chance(0.5) ? same : sentence()))).toEqual([]);
  });

  test('become the usual ones when their use is steady', () => {
    const { run } = taught();
    expect(until(run, code)).toBeDefined();
    const either = () => (chance(0.5) ? code() : sentence());
    for (let i = 0; i < 400; i++) run({ ...mail(either()), learn: true });
    expect(until(run, either)).toBeUndefined();
  });

  test('alarm nobody before a hundred are known', () => {
    const { run } = taught(90);
    for (let i = 0; i < 10; i++) expect(run(mail(code()))).toEqual([]);
  });
});

describe('a fingerprint', () => {
  test('is the same for the same shape in another script', () => {
    const shape = (text: string) => [...fingerprintOf(text).trigrams];
    expect(shape('встреча, зал десять')).toEqual(shape('meeting, room ten'));
    expect(shape('请发报告，谢谢。')).toEqual(shape('please, thanks. '));
  });

  test('measures code and unbroken tokens', () => {
    const { code, token, changes } = fingerprintOf(`see ${'x'.repeat(40)} there`);
    expect([code, token, changes]).toEqual([0, 40, 0]);
    expect(fingerprintOf('').code).toBe(0);
    expect(fingerprintOf('if (rows[0]) return send(rows);').code).toBeGreaterThan(5);
    expect(fingerprintOf('aB3x at 9am').changes).toBe(3);
  });
});

test('what was learnt survives a restart', () => {
  const { detector } = taught();
  const again = new ArgumentDrift();
  expect(again.restore(JSON.parse(JSON.stringify(detector.snapshot())))).toBe(true);
  expect(until(driven(again).run, code)).toBeLessThanOrEqual(10);
  expect(again.restore({ all: 1 })).toBe(false);
  const ofOtherFeatures = { all: { seen: 200, values: 'AAAA', trigrams: 'AAAA' }, arguments: [] };
  expect(again.restore(ofOtherFeatures)).toBe(false);
});

test('a flood of arguments stays within bounds and is counted', () => {
  const detector = new ArgumentDrift();
  const { run } = driven(detector);
  for (let i = 0; i < 510; i++) run({ calls: [{ tool: `t${i}`, args: { text: 'some words to look at' } }] });
  expect(detector.evicted()).toBeGreaterThan(0);
});
