import { describe, expect, test } from 'vitest';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { mergedMetrics } from '../../../collector/processes/merged-metrics.ts';
import { ownerOf, windowOwnerOf } from '../../../collector/processes/routing.ts';

const event = (fields: object): McpEvent =>
  ({ id: 'e', kind: 'tool_call', server: 'files', tool: 'read', ...fields }) as unknown as McpEvent;

describe('an event belongs to', () => {
  test('the process of its session, whatever else it says', () => {
    const session = { id: 'session-7' };
    const owners = [
      event({ session, id: 'a', trace_id: '1' }),
      event({ session, id: 'b', kind: 'dlp_block' }),
      event({ session, id: 'c', kind: 'auth_failure', source: '192.0.2.1' }),
      event({ session, id: 'd', kind: 'session_end' }),
    ].map((one) => ownerOf(one, 5));
    expect(new Set(owners).size).toBe(1);
  });

  test('the process of its trace without a session, and of its id without both', () => {
    expect(ownerOf(event({ id: 'a', trace_id: 't' }), 7)).toBe(ownerOf(event({ id: 'b', trace_id: 't' }), 7));
    expect(ownerOf(event({ id: 'a' }), 7)).toBe(ownerOf(event({ id: 'a', server: 'other' }), 7));
  });

  test('the process of its server when it lists tools, so that lists are compared', () => {
    const lists = ['a', 'b', 'c'].map((id) => event({ kind: 'tool_list', id, session: { id } }));
    expect(new Set(lists.map((list) => ownerOf(list, 7))).size).toBe(1);
  });

  test.each([2, 3, 8])('each of %i processes about as often', (processes) => {
    const counts = Array<number>(processes).fill(0);
    for (let i = 0; i < 20_000; i++) counts[ownerOf(event({ session: { id: `s-${i}` } }), processes)]!++;
    for (const count of counts) expect(count).toBeGreaterThan((20_000 / processes) * 0.9);
  });
});

test('A burst is counted by one process, by its source or, where nothing tells bursts apart, by the first', () => {
  const failures = ['192.0.2.1', '::ffff:192.0.2.1'].map((source) => event({ kind: 'auth_failure', source }));
  expect(new Set(failures.map((failure) => windowOwnerOf(failure, 9))).size).toBe(1);
  expect(windowOwnerOf(event({ kind: 'dlp_block' }), 9)).toBe(0);
  expect(windowOwnerOf(event({}), 9)).toBeUndefined();
});

test('Expositions are put together metric by metric, each described once', () => {
  const a = '# HELP x X # HELP\n# TYPE x counter\nx{partition="0"} 1\n# HELP y Y\n# TYPE y gauge\n';
  const b =
    '# HELP x X # HELP\n# TYPE x counter\nx{partition="1"} 2\n\n# HELP z Z\n# TYPE z gauge\nz{partition="1"} 3\n';
  expect([...mergedMetrics([a, b])].join('')).toBe(
    '# HELP x X # HELP\n# TYPE x counter\nx{partition="0"} 1\nx{partition="1"} 2\n\n# HELP y Y\n# TYPE y gauge\n# HELP z Z\n# TYPE z gauge\nz{partition="1"} 3\n',
  );
});
