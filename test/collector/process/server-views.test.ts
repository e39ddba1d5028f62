import { expect, test } from 'vitest';
import { ServerViews } from '../../../collector/process/server-views.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const WORDS = 4;

/** Views of a trace, and of so many others that came later into the same bucket. */
function crowded(others: number): ServerViews {
  const views = new ServerViews();
  views.note(TRACE, { server: 'files', tool: 'read' });
  const { tools, views: saved } = views.snapshot();
  const [low, high] = new Int32Array(new Uint8Array(Buffer.from(saved, 'base64')).buffer);
  const words = new Int32Array(others * WORDS);
  for (let i = 0; i < others; i++) words.set([low!, high! + 1 + i, 0, 1], i * WORDS);
  views.restore({ tools, views: Buffer.from(words.buffer).toString('base64') });
  return views;
}

function calls(views: ServerViews): number {
  let sum = 0;
  views.of(TRACE, (_, calls) => {
    sum += calls;
  });
  return sum;
}

test('A trace is found behind others of its bucket, but not behind as many as only somebody who aims at it makes', () => {
  expect(calls(crowded(900))).toBe(1);
  expect(calls(crowded(1_100))).toBe(0);
});

test('A trace that was no longer found is found again with its next call', () => {
  const views = crowded(1_100);
  views.note(TRACE, { server: 'files', tool: 'read' });
  views.note(TRACE, { server: 'files', tool: 'read' });
  expect(calls(views)).toBe(2);
});
