import { describe, expect, test } from 'vitest';
import { flush, observe } from '../../observe/src/index.ts';
import { httpCases, visit } from './http-cases.ts';
import { listen } from './listening.ts';
import { startReceiver, summary, tally } from './receiver.ts';
import { SERVER_NAME, tools } from './servers.ts';
import { CLIENT_NAME } from './workout.ts';

describe('a wrapped HTTP server counts exactly what its client called', () => {
  test.each(httpCases)('$name', async (one) => {
    await using receiver = await startReceiver();
    await using server = await listen(one.listener((target) => observe(target, { url: receiver.url })));
    const expected = await visit(one, server.url);
    await flush();
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((call) => call.server))).toEqual(new Set([SERVER_NAME]));
    expect(new Set(calls.map((call) => call.client?.name))).toEqual(
      new Set([one.namesClient ? CLIENT_NAME : undefined]),
    );
    expect(receiver.of('session_start')).toHaveLength(one.sessions);
    expect(receiver.of('session_end')).toHaveLength(one.sessions);
    const ids = new Set(calls.map((call) => call.session?.id));
    expect(ids.size).toBe(1);
    expect(ids.has(undefined)).toBe(one.sessions === 0);
    const listed = receiver.of('tool_list');
    expect(listed).toHaveLength(1);
    expect(listed[0]?.tools.every(({ name }) => (tools as readonly string[]).includes(name))).toBe(true);
  });
});
