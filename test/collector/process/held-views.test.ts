import { expect, test } from 'vitest';
import { collectorEvictions } from '../../../collector/catalogue/collector-metrics.ts';
import type { EventOf } from '../../../collector/catalogue/events.ts';
import { HeldViews } from '../../../collector/process/held-views.ts';
import type { AcceptedEvent } from '../../../collector/process/pipeline.ts';
import { Lookout, START_MS } from './lookout.ts';

const MIB = 1024 * 1024;
const view = (id: string, payload: Partial<EventOf<'tool_call'>> = {}): AcceptedEvent => ({
  event: {
    kind: 'tool_call',
    id,
    time: new Date(START_MS).toISOString(),
    server: 'files',
    tool: 'read',
    outcome: 'ok',
    perspective: 'client',
    ...payload,
  },
  timeMs: START_MS,
  receivedMs: START_MS,
  sourceKind: 'fastmcp',
  position: { segment: 1, offset: 0 },
});
const dropped = (mcp: Lookout) => mcp.value(collectorEvictions, { table: 'view_payloads' });

test('a view that waited still has its payload, for the detectors', () => {
  const held = new HeldViews(new Lookout().instruments);
  const payload = { arguments: { path: '/' }, result: ['text'], error_message: 'none' };
  held.add(view('a', payload));
  expect(held.due(START_MS + 9_999)).toEqual([]);
  expect(held.due(START_MS + 10_000)).toEqual([view('a', payload)]);
  expect(held.due(START_MS + 10_000)).toEqual([]);
});

test('payloads of all views together are bounded: the oldest is dropped and counted, its view still counts', async () => {
  const mcp = new Lookout();
  const held = new HeldViews(mcp.instruments);
  const result = 'x'.repeat(6 * MIB);
  held.add(view('small', { result: 'y' }));
  for (const id of ['a', 'b', 'c', 'd']) held.add(view(id, { result }));
  expect(await dropped(mcp)).toBe(3);
  const views = held.due(START_MS + 10_000);
  expect(views).toEqual([view('small'), view('a'), view('b'), view('c', { result }), view('d', { result })]);
  for (const id of ['e', 'f']) held.add(view(id, { result }));
  expect(await dropped(mcp)).toBe(3);
});

test('many small values count as what they take in memory, and one payload over the bound is not held', async () => {
  const mcp = new Lookout();
  const held = new HeldViews(mcp.instruments);
  held.add(view('a', { result: Array.from({ length: 300_000 }, () => ({})) }));
  expect(await dropped(mcp)).toBe(1);
  expect(held.due(START_MS + 10_000)).toEqual([view('a')]);
});

test('payloads are in no snapshot', () => {
  const held = new HeldViews(new Lookout().instruments);
  held.add(view('a', { result: 'SECRET', arguments: 'SECRET', error_message: 'SECRET' }));
  expect(JSON.stringify(held.snapshot())).not.toContain('SECRET');
  const next = new HeldViews(new Lookout().instruments);
  next.restore(held.snapshot());
  expect(next.due(START_MS + 10_000)).toEqual([view('a')]);
});
