import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readCorpora } from '../../../eval/corpora.ts';
import { leaks } from '../../../eval/inject/leak.ts';

const { sessions } = readCorpora(resolve(import.meta.dirname, '../../../eval/corpora'));
const made = leaks(sessions, 1);

const texts = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : value === null || typeof value !== 'object'
      ? []
      : Object.values(value).flatMap(texts);

test('every leak carries 40 letters and digits of a result of its own session, as its encoding says', () => {
  expect(made.length).toBeGreaterThan(1_000);
  for (const { encoding, calls } of made) {
    const results = calls.slice(0, -1).map(({ result }) => result ?? '');
    const leaked = texts(calls.at(-1)?.args).filter((text) => {
      const plain =
        encoding === 'url'
          ? safely(() => decodeURIComponent(text))
          : encoding === 'json'
            ? safely(() => JSON.parse(text).data)
            : encoding === 'plain' || encoding === 're-cased'
              ? text
              : Buffer.from(text, encoding).toString();
      if (typeof plain !== 'string' || plain.replace(/[^a-z0-9]/gi, '').length < 40) return false;
      return results.some((result) => result.toUpperCase().includes(plain.toUpperCase()));
    });
    expect(leaked).not.toEqual([]);
  }
});

test('the same seed makes the same leaks, and another seed others', () => {
  expect(leaks(sessions.slice(0, 200), 1)).toEqual(leaks(sessions.slice(0, 200), 1));
  expect(leaks(sessions.slice(0, 200), 1)).not.toEqual(leaks(sessions.slice(0, 200), 2));
});

test('no destination is one that anybody used before', () => {
  const before = new Set(sessions.flatMap(({ calls }) => calls.flatMap(({ args }) => texts(args))));
  const used = made.map(({ calls }) =>
    texts(calls.at(-1)?.args).find((text) => /\.example|^XX\d\d/.test(text)),
  );
  expect(used.filter((destination) => destination === undefined || before.has(destination))).toEqual([]);
});

function safely<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
