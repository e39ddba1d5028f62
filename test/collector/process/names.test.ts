import { describe, expect, test } from 'vitest';
import { Names, NO_NAME } from '../../../collector/process/names.ts';

describe('numbers for names', () => {
  test('are the same for the same text, as long as somebody holds it', () => {
    const names = new Names();
    const read = names.hold('files/read');
    expect(names.hold(['files', 'read'].join('/'))).toBe(read);
    names.release(read);
    expect(names.text(read)).toBe('files/read');
    expect(names.find('files/read')).toBe(read);
    names.release(read);
    expect(names.find('files/read')).toBe(NO_NAME);
    expect(names.size).toBe(0);
  });

  test('are given again to others when nobody holds them, and mean those then', () => {
    const names = new Names();
    const first = names.hold('first');
    expect(names.find('first')).toBe(first);
    names.release(first);
    expect(names.hold('second')).toBe(first);
    expect(names.text(first)).toBe('second');
    expect(names.find('first')).toBe(NO_NAME);
  });

  test('run out at the limit, and come back when names go', () => {
    const names = new Names(2);
    const [one] = [names.hold('one'), names.hold('two')];
    expect(names.hold('three')).toBe(NO_NAME);
    names.release(NO_NAME);
    names.release(one!);
    expect(names.hold('three')).not.toBe(NO_NAME);
  });

  test('are no trouble for texts that are properties of every object', () => {
    const names = new Names();
    for (const text of ['__proto__', 'constructor', 'toString', ''])
      expect(names.text(names.hold(text))).toBe(text);
  });
});
