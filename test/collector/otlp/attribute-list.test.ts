import { expect, test } from 'vitest';
import { AttributeList } from '../../../collector/receive/otlp/attribute-list.ts';

test('a list of attributes answers as a map of the same entries does, with few and with many', () => {
  const list = new AttributeList();
  const map = new Map<string, number>();
  for (let i = 0; i < 1_000; i++) {
    const key = ['__proto__', 'constructor', `k${(i * 7) % 451}`][i % 3] as string;
    list.set(key, i);
    map.set(key, i);
    expect(list.size).toBe(map.size);
    expect([...list].every(([name, value]) => map.get(name) === value && list.get(name) === value)).toBe(
      true,
    );
  }
  expect(list.size).toBeGreaterThan(64);
  expect(list.has('none')).toBe(false);
  expect(list.get('none')).toBeUndefined();
  expect(JSON.stringify(list)).toBe(JSON.stringify([...map]));
});

test('a cleared list is empty, however many it held', () => {
  const list = new AttributeList();
  for (let i = 0; i < 100; i++) list.set(`k${i}`, i);
  list.clear();
  list.set('k5', 'anew');
  expect([...list]).toEqual([['k5', 'anew']]);
});
