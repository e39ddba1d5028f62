import { describe, expect, test } from 'vitest';
import { Distinct } from '../../../../collector/process/detect/slow-exfiltration/distinct.ts';
import { SlowExfiltration } from '../../../../collector/process/detect/slow-exfiltration/slow-exfiltration.ts';
import { mix } from '../../../../collector/process/detect/text/hash.ts';
import { DAY_MS, driven, START_MS } from './driven.ts';

let written = 0;

/** A text of this length that was never written before. */
function fresh(length: number): string {
  let text = '';
  while (text.length < length) text += `${(++written * 2_654_435_761).toString(36)} `;
  return text.slice(0, length);
}

type Drive = ReturnType<typeof driven>['run'];

const send = (
  run: Drive,
  day: number,
  principal: string,
  host: string,
  text: string,
  tool = 'post_webpage',
) =>
  run({
    principal,
    startMs: START_MS + day * DAY_MS,
    calls: [{ tool, args: { url: `https://${host}/in`, content: text } }],
  });

/** Sixty days in which principals made new contacts that lasted, and ana wrote to a partner of old. */
function withHistory() {
  const detector = new SlowExfiltration();
  const { run } = driven(detector);
  for (let day = 0; day < 60; day++) {
    send(run, day, 'ana', 'partner.example', fresh(600));
    for (let i = 0; i < 30; i++) {
      const begins = 15 + i;
      if (day === 0) send(run, day, `user ${i}`, 'partner.example', fresh(600));
      if (day >= begins && day < begins + 14 && (day - begins) % 2 === 0)
        send(run, day, `user ${i}`, `contact-${i}.example`, fresh(500));
      if (day === begins + 15)
        for (const contact of [`contact-${i}.example`, `other-${i}.example`])
          send(run, day, `user ${i}`, contact, fresh(500));
    }
  }
  return { detector, run };
}

describe('a slow leak', () => {
  test('of a kilobyte a day to a new destination is found on its fifth day', () => {
    const { run } = withHistory();
    const told = [0, 1, 2, 3, 4, 5].map((day) =>
      send(run, 60 + day, 'ana', 'drop.example', fresh(1_000)).filter(
        ({ certainty }) => certainty === 'scored',
      ),
    );
    expect(told.map((of) => of.length)).toEqual([0, 0, 0, 0, 1, 1]);
    expect(told[4]![0]).toMatchObject({ evidence: { destination: 'drop.example', baseline: { days: 5 } } });
    expect(told[4]![0]!.message).toMatch(
      /^`drop\.example`: \d{3} distinct fragments on 5 of 5 days, a place that nobody used before; of \d\d other new destinations that lasted, 0 got as much as steadily\.$/,
    );
  });

  test('over many destinations supports other evidence as their sum', () => {
    const { run } = withHistory();
    const told = [0, 1, 2, 3, 4, 5].flatMap((day) =>
      send(run, 60 + day, 'ana', `drop${day}.example`, fresh(1_000)),
    );
    expect(told[0]).toMatchObject({ certainty: 'supporting' });
    expect(told[0]!.message).toContain('All new destinations of this principal together');
  });

  test('to an old destination supports other evidence once its volume has grown for days', () => {
    const { run } = withHistory();
    const told = Array.from({ length: 12 }, (_, day) =>
      send(run, 60 + day, 'ana', 'partner.example', fresh(7_000)),
    ).flat();
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ certainty }) => certainty === 'supporting')).toBe(true);
    expect(told[0]!.message).toContain('has received more from this principal for days');
  });
});

describe('traffic that only looks like a leak', () => {
  test('an export of one day is not slow', () => {
    const { run } = withHistory();
    for (let part = 0; part < 20; part++)
      expect(send(run, 60, 'ana', 'export.example', fresh(8_000))).toEqual([]);
  });

  test('a template is always the same content', () => {
    const { run } = withHistory();
    const text = fresh(1_000);
    for (let day = 0; day < 10; day++)
      expect(send(run, 60 + day, 'ana', 'reports.example', `${text} ${day}`)).toEqual([]);
  });

  test('a contact now and then is what new contacts are', () => {
    const { run } = withHistory();
    for (let day = 0; day < 14; day += 3)
      expect(send(run, 60 + day, 'ana', 'friend.example', fresh(700))).toEqual([]);
  });

  test('a service that several principals take up is no leak', () => {
    const { run } = withHistory();
    for (let day = 0; day < 10; day++)
      for (const user of ['ana', 'user 1', 'user 2'])
        expect(
          send(run, 60 + day, user, 'service.example', fresh(1_200)).filter(
            ({ certainty }) => certainty === 'scored',
          ),
        ).toEqual([]);
  });

  test('a new principal has new destinations only', () => {
    const { run } = withHistory();
    for (let day = 0; day < 10; day++)
      expect(send(run, 60 + day, 'new', 'own-partner.example', fresh(1_200))).toEqual([]);
  });

  test('fetching pages sends nothing', () => {
    const { run } = withHistory();
    for (let day = 0; day < 10; day++)
      expect(send(run, 60 + day, 'ana', 'news.example', fresh(1_000), 'get_webpage')).toEqual([]);
  });

  test('a fortnight after the start nothing is new yet', () => {
    const { run } = driven(new SlowExfiltration());
    for (let day = 0; day < 13; day++)
      expect(send(run, day, 'ana', 'drop.example', fresh(1_000))).toEqual([]);
  });
});

describe('distinct content', () => {
  test('is counted within five percent and repeats are not', () => {
    const distinct = new Distinct();
    for (let round = 0; round < 3; round++) for (let i = 0; i < 1_000; i++) distinct.add(mix(i));
    expect(Math.abs(distinct.count - 1_000)).toBeLessThan(50);
  });

  test('is the same after it was saved', () => {
    const distinct = new Distinct();
    for (let i = 0; i < 300; i++) distinct.add(mix(i));
    const again = new Distinct();
    again.restore(distinct.snapshot());
    expect(again.count).toBe(distinct.count);
    again.restore('short');
    expect(again.count).toBe(0);
  });
});

test('a leak that began before a restart is found after it', () => {
  const { detector, run } = withHistory();
  for (let day = 0; day < 4; day++) send(run, 60 + day, 'ana', 'drop.example', fresh(1_000));
  const again = new SlowExfiltration();
  expect(again.restore(JSON.parse(JSON.stringify(detector.snapshot())))).toBe(true);
  const told = send(driven(again).run, 64, 'ana', 'drop.example', fresh(1_000));
  expect(told.map(({ certainty }) => certainty)).toContain('scored');
  expect(again.restore({ key: 1 })).toBe(false);
});

test('a flood of destinations stays within bounds and is counted', () => {
  const detector = new SlowExfiltration();
  const { run } = driven(detector);
  for (let i = 0; i < 10_050; i++) send(run, 0, 'ana', `h${i}.example`, 'short');
  expect(detector.evicted()).toBeGreaterThan(0);
});
