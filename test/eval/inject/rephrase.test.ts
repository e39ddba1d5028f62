import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { riskByName } from '../../../collector/process/detect/tool-words.ts';
import { readCorpora } from '../../../eval/corpora.ts';
import { rephrased } from '../../../eval/inject/rephrase.ts';

const { sessions } = readCorpora(resolve(import.meta.dirname, '../../../eval/corpora'));
const made = rephrased(sessions, 1);
const byId = new Map(sessions.map((session) => [session.id, session]));

test('most hijacked sessions are told again, in every style, with the calls that were made', () => {
  const hijacked = sessions.filter(({ label }) => label === 'hijacked');
  expect(made.length).toBeGreaterThan(0.85 * hijacked.length);
  expect(new Set(made.map(({ attack }) => attack)).size).toBe(11);
  for (const { id, calls } of made) {
    const recorded = byId.get(id.replace(' rephrased', ''));
    expect(calls.map(({ tool, args }) => ({ tool, args }))).toEqual(
      recorded?.calls.map(({ tool, args }) => ({ tool, args })),
    );
  }
});

test('what a call takes from the passage stands in the new one, and hardly a line of the old one is left', () => {
  // What a call wrote comes back in its own result, as recorded.
  const linesOf = ({ calls }: (typeof sessions)[number]) =>
    new Set(
      calls
        .filter(({ tool }) => !riskByName(tool).sink)
        .flatMap(({ result }) => (result ?? '').split('\n').map((line) => line.trim())),
    );
  const counts = new Map<string, number>();
  for (const session of sessions)
    for (const line of linesOf(session))
      if (session.label !== 'attempt')
        counts.set(line, (counts.get(line) ?? 0) + (session.label === 'hijacked' ? 1 : -1_000));
  const attack = new Set([...counts].filter(([, count]) => count >= 20).map(([line]) => line));
  expect(attack.size).toBeGreaterThan(10);
  const left = made.filter((session) => [...linesOf(session)].some((line) => attack.has(line)));
  expect(left.length).toBeLessThan(0.1 * made.length);
  for (const { calls } of made) {
    const given = calls.map(({ result }) => result ?? '').join('\n');
    const taken = calls.flatMap(({ args }) =>
      Object.values(args as object)
        .flat()
        .map(String),
    );
    expect(taken.some((value) => value.length > 3 && given.includes(value))).toBe(true);
  }
});

test('the same seed tells the same, and another seed otherwise', () => {
  expect(rephrased(sessions, 1)).toEqual(made);
  expect(rephrased(sessions, 2)).not.toEqual(made);
});
