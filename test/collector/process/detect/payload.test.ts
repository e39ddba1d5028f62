import { expect, test } from 'vitest';
import { readPayload } from '../../../../collector/process/detect/payload.ts';

test('A key too long for a name is read as the text that it is, and no path grows with it', () => {
  const content = 'the minutes of the board say that '.repeat(10);
  expect(readPayload({ body: { [content]: 1, note: 'x' } }).fields).toEqual([
    { path: 'body.{}', text: content },
    { path: 'body.{}', text: '1' },
    { path: 'body.note', text: 'x' },
  ]);
  const { fields, cut } = readPayload({ ['k'.repeat(1_000_000)]: { ['l'.repeat(1_000_000)]: 'x' } });
  expect(cut).toBe(true);
  expect(fields.map(({ path, text }) => [path, text.length])).toEqual([['{}', 16_384]]);
});
