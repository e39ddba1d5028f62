import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readCorpora } from '../../eval/corpora.ts';
import { FOLDS, folds } from '../../eval/folds.ts';

const { sessions } = readCorpora(resolve(import.meta.dirname, '../../eval/corpora'));

test('no task is learnt from and judged in the same fold', () => {
  for (const { learn, judge } of folds(sessions)) {
    const judged = new Set(judge.map(({ task }) => task));
    expect(judged.size).toBeGreaterThan(0);
    expect(learn.filter(({ task }) => judged.has(task))).toEqual([]);
  }
});

test('each session is judged once, and only benign ones are learnt from', () => {
  const all = folds(sessions);
  expect(all).toHaveLength(FOLDS);
  expect(all.flatMap(({ judge }) => judge.map(({ id }) => id)).sort()).toEqual(
    sessions.map(({ id }) => id).sort(),
  );
  expect(all.flatMap(({ learn }) => learn).filter(({ label }) => label !== 'benign')).toEqual([]);
});
