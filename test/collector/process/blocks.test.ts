import { describe, expect, test } from 'vitest';
import { Blocks } from '../../../collector/process/blocks.ts';
import { seeded } from '../../random.ts';

interface List {
  address: number;
  readonly numbers: number[];
}

const push = (blocks: Blocks, list: List, number: number) => {
  const used = list.numbers.length;
  list.address = blocks.withRoom(list.address, used, 1);
  blocks.pageOf(list.address)[blocks.indexOf(list.address) + used] = number;
  list.numbers.push(number);
};

const contents = (blocks: Blocks, { address, numbers }: List) => {
  if (numbers.length === 0) return [];
  const from = blocks.indexOf(address);
  return [...blocks.pageOf(address).subarray(from, from + numbers.length)];
};

describe('lists in shared pages', () => {
  test('hold what was put in, however they grow, shrink and make room for others', () => {
    const blocks = new Blocks();
    const chance = seeded(7);
    const lists: List[] = Array.from({ length: 200 }, () => ({ address: 0, numbers: [] }));
    for (let n = 0; n < 100_000; n++) {
      const list = lists[Math.floor(chance() * lists.length)]!;
      const act = chance();
      if (act < 0.98 && list.numbers.length < 2_000) push(blocks, list, n);
      else if (act < 0.99 && list.numbers.length > 2) {
        const dropped = Math.floor(list.numbers.length / 2);
        list.address = blocks.without(list.address, list.numbers.length, dropped);
        list.numbers.splice(0, dropped);
      } else {
        blocks.release(list.address, list.numbers.length);
        list.numbers.length = 0;
      }
    }
    for (const list of lists) expect(contents(blocks, list)).toEqual(list.numbers);
  });

  test('may be longer than a page', () => {
    const blocks = new Blocks();
    const list: List = { address: 0, numbers: [] };
    for (let n = 0; n < 100_000; n++) push(blocks, list, n);
    expect(contents(blocks, list)).toEqual(list.numbers);
  });

  test('that were given back are where the next of their size stand', () => {
    const blocks = new Blocks();
    const addresses = Array.from({ length: 1_000 }, () => blocks.withRoom(0, 0, 10));
    for (const address of addresses) blocks.release(address, 10);
    const again = new Set(addresses.map(() => blocks.withRoom(0, 0, 10)));
    expect(again).toEqual(new Set(addresses));
  });
});
