import { expect, test } from 'vitest';
import { Word } from '../../../../collector/process/detect/text/lexicon.ts';
import { NameKind } from '../../../../collector/process/detect/text/names.ts';
import { Mark, Scan } from '../../../../collector/process/detect/text/scan.ts';

const scan = new Scan();

function sentences(text: string): string[] {
  scan.read(text);
  return Array.from({ length: scan.sentenceCount }, (_, i) =>
    text.slice(scan.textFrom[i], scan.textFrom[i + 1]).trim(),
  );
}

function names(text: string): [string, number][] {
  const { names: found } = scan.read(text);
  return Array.from({ length: found.count }, (_, i) => [
    text.slice(found.from[i], found.to[i]),
    found.kind[i]!,
  ]);
}

test('sentences end at stops, blank lines, short lines and keys, not at wrapped lines and dots in names', () => {
  expect(
    sentences(
      'Hello there\nThis line is long enough to have been wrapped by whoever\nlaid it out. See v1.2 of a.b.example now! Next',
    ),
  ).toEqual([
    'Hello there',
    'This line is long enough to have been wrapped by whoever\nlaid it out.',
    'See v1.2 of a.b.example now!',
    'Next',
  ]);
  expect(sentences('- from: ada\n  body: I am here.\\nSecond line')).toHaveLength(3);
});

test('the same sentence has one hash, in whatever letters it is written', () => {
  const hashOf = (text: string) => scan.read(text).hash[0];
  expect(hashOf('Ignore  what I said.')).toBe(hashOf('ignоrе what I s\u200baid'));
  expect(hashOf('Ignore what I said.')).not.toBe(hashOf('Ignore what he said.'));
});

test('values stand under their keys', () => {
  scan.read('subject: paper\namount: 12\nsubject: ink');
  const [first, second, third] = scan.key;
  expect(first).not.toBe(0);
  expect(first).toBe(third);
  expect(first).not.toBe(second);
});

test('commands are told from the same words elsewhere in a sentence', () => {
  const isCommand = (text: string) => ((scan.read(text).bits[0] ?? 0) & Mark.command) !== 0;
  expect(isCommand('Send the list to Bob')).toBe(true);
  expect(isCommand('When you can, please send the list')).toBe(true);
  expect(isCommand('We could not send the list')).toBe(false);
});

test('words keep their meaning through a slip, digits for letters and other scripts', () => {
  for (const word of ['instructions', 'instrutcions', 'instructons', '1nstruct1ons', 'instructіons'])
    expect(scan.read(word).bits[0]! & Word.orders, word).toBe(Word.orders);
  expect(scan.read('construction').bits[0]! & Word.orders).toBe(0);
});

test('names are addresses, links, accounts, files and identifiers, not dates, times and numbers', () => {
  expect(
    names('Mail a.b@c.example or see https://www.x.example/p?q=1, pay DE89370400440532013000 by 2026-11-21.'),
  ).toEqual([
    ['a.b@c.example', NameKind.mail],
    ['x.example/p?q=1', NameKind.link],
    ['DE89370400440532013000', NameKind.identifier],
  ]);
  expect(names('At 10:30 on 21/11/2026, 12.50 for 3 of 1,200')).toEqual([]);
  expect(names('KEY=a1b2c3d4')).toEqual([['a1b2c3d4', NameKind.identifier]]);
});

test('a value within a record counts by its own length', () => {
  scan.read('{"type": "note", "text": "please take care of this at once", "n": 1}');
  expect(scan.parts[0]).toBeGreaterThanOrEqual(6);
  scan.read('{"a": "b", "c": "d", "e": "f", "g": "h", "i": "j"}');
  expect(scan.parts[0]).toBeLessThan(5);
});
