import { expect, test } from 'vitest';
import { KeyTable } from '../../../collector/receive/otlp/key-table.ts';
import { TextCache } from '../../../collector/receive/otlp/text-cache.ts';
import { seeded } from '../../random.ts';

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Texts of few different characters, so that many are alike, some with several bytes a character or no UTF-8 at all. */
function randomBytes(random: () => number, longest: number): Buffer {
  const alphabet = [0x61, 0x62, 0xc3, 0xa4, 0xff, 0x00];
  const kinds = random() < 0.7 ? 2 : alphabet.length;
  return Buffer.from(
    Array.from({ length: Math.floor(random() * longest) }, () => alphabet[Math.floor(random() * kinds)]!),
  );
}

test('A text from the cache is the text that its bytes say, also while 200,000 others push it out', () => {
  const random = seeded(11);
  const cache = new TextCache();
  const last = { place: 0 };
  let same = 0;
  for (let i = 0; i < 200_000; i++) {
    const text = randomBytes(random, random() < 0.5 ? 6 : 140);
    // At an odd place, with bytes behind it that are none of it.
    const bytes = Buffer.concat([Buffer.from('x'), text, Buffer.from(i % 2 ? '' : 'aaaa')]);
    const first = cache.text(bytes, viewOf(bytes), 1, 1 + text.length, last);
    if (first !== text.toString()) expect(first).toBe(text.toString());
    else same++;
  }
  expect(same).toBe(200_000);
});

test('A key is found behind whichever key stands before it, and no flood of others hides it', () => {
  const random = seeded(12);
  const wanted = ['a', 'ab', 'mcp.method.name', 'mcp.method.nama', 'x'.repeat(100), '__proto__', 'ä'];
  const keys = new KeyTable(wanted);
  let before = keys.first;
  for (let i = 0; i < 20_000; i++) {
    const key = i % 2 ? Buffer.from(wanted[Math.floor(random() * wanted.length)]!) : randomBytes(random, 80);
    const expected =
      wanted.includes(key.toString()) && Buffer.from(key.toString()).equals(key) ? key.toString() : undefined;
    expect(keys.find(viewOf(key), 0, key.length)).toBe(expected);
    const seen = keys.findBehind(before, viewOf(key), 0, key.length);
    expect(seen?.key).toBe(expected);
    if (seen !== undefined) before = seen;
  }
});
