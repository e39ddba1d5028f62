/** Rules that hold the words of recorded attacks would only find those: no four words in a row may be in both. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCorpora } from '../../../../eval/corpora.ts';

const RUN = 4;
const root = join(import.meta.dirname, '../../../..');

const runsOf = (text: string): string[] => {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.slice(RUN - 1).map((_, i) => words.slice(i, i + RUN).join(' '));
};

/** Lines that results have only in attacked sessions. */
function attackLines(): string[] {
  const { sessions } = readCorpora(join(root, 'eval/corpora'));
  const lines = (of: typeof sessions) =>
    new Set(of.flatMap(({ calls }) => calls.flatMap(({ result }) => (result ?? '').split('\n'))));
  const benign = lines(sessions.filter(({ label }) => label === 'benign'));
  const hijacked = lines(sessions.filter(({ label }) => label === 'hijacked'));
  return [...hijacked].filter((line) => !benign.has(line));
}

const sources = readdirSync(join(root, 'collector/process/detect'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name));

test('no source of a detector shares four words in a row with an attack', () => {
  const attacks = new Set(attackLines().flatMap(runsOf));
  expect(attacks.size).toBeGreaterThan(200);
  expect(sources.length).toBeGreaterThan(20);
  const shared = sources.flatMap((file) =>
    runsOf(readFileSync(file, 'utf8'))
      .filter((run) => attacks.has(run))
      .map((run) => `${file}: ${run}`),
  );
  expect(shared).toEqual([]);
});

test('a rule that quoted an attack would be found', () => {
  const attacks = attackLines().flatMap(runsOf);
  const quoting = `const pattern = /${attacks[0]}/;`;
  expect(runsOf(quoting)).toContain(attacks[0]);
});
