import { describe, expect, test } from 'vitest';
import { Conversation } from '../../observe/src/conversation.ts';
import { Observer } from '../../observe/src/observer.ts';
import { resolveSettings } from '../../observe/src/settings.ts';
import { type Receiver, startReceiver, summary } from './receiver.ts';

/** One connection whose two directions a test speaks itself. */
async function connection() {
  const receiver = await startReceiver();
  const observer = new Observer(resolveSettings({ url: receiver.url }, {}));
  const conversation = new Conversation(observer, { perspective: 'server', session: () => undefined });
  return {
    conversation,
    receiver,
    client: (message: object) => conversation.fromClient({ message: { jsonrpc: '2.0', ...message } }, {}),
    server: (message: object) => conversation.fromServer({ message: { jsonrpc: '2.0', ...message } }),
    summaries: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await observer.exporter.flush(2_000);
      return receiver.of('tool_call').map(summary);
    },
    end: () => observer.end(),
    [Symbol.asyncDispose]: (): PromiseLike<void> => (receiver as Receiver)[Symbol.asyncDispose](),
  };
}

const call = (id: unknown, name = 'tool', rest: object = {}) => ({
  id,
  method: 'tools/call',
  params: { name, ...rest },
});
const ok = { content: [] };

describe('a conversation', () => {
  test('keeps the ids of both directions apart, and numbers from strings', async () => {
    await using c = await connection();
    c.client(call(1, 'number'));
    c.client(call('1', 'string'));
    c.server({ id: 1, method: 'sampling/createMessage', params: {} });
    c.client({ id: 1, result: { role: 'assistant' } });
    expect(await c.summaries()).toEqual([]);
    c.server({ id: '1', error: { code: -32603, message: 'x' } });
    c.server({ id: 1, result: ok });
    c.server({ id: 1, result: ok });
    expect(await c.summaries()).toEqual(['string server_error server -32603', 'number ok none']);
  });

  test('reads batches of the revisions that had them', async () => {
    await using c = await connection();
    c.conversation.fromClient(
      { message: [call(1, 'a'), { method: 'notifications/x' }, call(2, 'b'), null, 7] },
      {},
    );
    c.conversation.fromServer({
      message: [
        { id: 2, result: ok },
        { id: 1, result: { ...ok, isError: true } },
      ],
    });
    expect(await c.summaries()).toEqual(['b ok none', 'a tool_error tool']);
  });

  test('ends a call whose id its client uses again', async () => {
    await using c = await connection();
    c.client(call(1, 'first'));
    c.client(call(1, 'second'));
    c.server({ id: 1, result: ok });
    expect(await c.summaries()).toEqual(['first aborted caller', 'second ok none']);
  });

  test('takes names, ids and results of any kind without harm', async () => {
    await using c = await connection();
    for (const name of ['__proto__', 'constructor', '', 7, null, { a: 1 }, 'x'.repeat(5_000), '\ud800']) {
      c.client(call('__proto__', name as string));
      c.server({ id: '__proto__', result: { content: 'no list', isError: 'yes' } });
    }
    c.client({ id: 1, method: 'tools/call' });
    c.client({ id: 2, method: 'tools/call', params: [] });
    c.client({ id: 'x'.repeat(5_000), method: 'tools/call', params: { name: 'long id' } });
    c.client({ id: null, method: 'tools/call', params: { name: 'no id' } });
    c.client({ method: 'notifications/cancelled' });
    c.client({ method: 'notifications/cancelled', params: { requestId: { a: 1 } } });
    c.server({ id: 3, result: ok });
    c.server({ method: 'notifications/tasks', params: 'x' });
    const names = (await c.summaries()).map((text) => text.split(' ')[0]);
    expect(names).toEqual(['__proto__', 'constructor', 'x'.repeat(256), '\ufffd']);
  });

  test('sees behind "unknown tool" when the server lists the tool, and reports a denial', async () => {
    await using c = await connection();
    c.client({ id: 1, method: 'tools/list' });
    c.server({ id: 1, result: { tools: [{ name: 'delete_all' }] } });
    await new Promise((resolve) => setImmediate(resolve));
    c.client(call(2, 'delete_all'));
    c.server({ id: 2, error: { code: -32602, message: 'Unknown tool: delete_all' } });
    c.client(call(3, 'delete_all'));
    c.server({ id: 3, error: { code: -32602, message: 'Invalid arguments' } });
    c.client(call(4, 'other'));
    c.server({ id: 4, error: { code: -32602, message: 'Unknown tool: other' } });
    expect(await c.summaries()).toEqual([
      'delete_all denied auth -32602',
      'delete_all protocol_error caller -32602',
      'other protocol_error caller -32602',
    ]);
    expect(c.receiver.of('policy_decision')).toMatchObject([
      { tool: 'delete_all', decision: 'deny', policy: 'hidden' },
    ]);
  });

  test('says who called, in which session and trace, and forgets no client between calls', async () => {
    await using c = await connection();
    c.client({ id: 0, method: 'initialize', params: { clientInfo: { name: 'inspector', version: '2' } } });
    c.server({ id: 0, result: { serverInfo: { name: 'named' } } });
    const _meta = { traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01' };
    c.client(call(1, 'traced', { _meta }));
    c.server({ id: 1, result: ok });
    await c.summaries();
    const [traced] = c.receiver.of('tool_call');
    expect(traced).toMatchObject({
      server: 'named',
      client: { name: 'inspector', version: '2' },
      trace_id: '0123456789abcdef0123456789abcdef',
      session: { id: c.receiver.of('session_start')[0]?.session?.id },
    });
  });
});

describe('a task is one call from its request to its result', () => {
  const working = { taskId: 't1', status: 'working' };

  test.each([
    ['completed', { ...working, status: 'completed', result: ok }, 'tool ok none'],
    [
      'completed with isError',
      { ...working, status: 'completed', result: { ...ok, isError: true } },
      'tool tool_error tool',
    ],
    ['failed', { ...working, status: 'failed', error: { code: -32603 } }, 'tool server_error server -32603'],
    ['cancelled', { ...working, status: 'cancelled' }, 'tool cancelled caller'],
  ])('of the extension, %s', async (_name, state, expected) => {
    await using c = await connection();
    c.client(call(1));
    c.server({ id: 1, result: { resultType: 'task', ...working } });
    c.client({ id: 2, method: 'tasks/get', params: { taskId: 't1' } });
    c.server({ id: 2, result: working });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await c.summaries()).toEqual([]);
    c.client({ id: 3, method: 'tasks/get', params: { taskId: 't1' } });
    c.server({ id: 3, result: state });
    c.server({ method: 'notifications/tasks', params: state });
    expect(await c.summaries()).toEqual([expected]);
    expect(c.receiver.of('tool_call')[0]?.duration_ms).toBeGreaterThanOrEqual(49);
  });

  test('of the legacy revisions, ended when its status says so, judged by its result', async () => {
    await using c = await connection();
    c.client(call(1, 'tool', { task: { ttl: 1 } }));
    c.server({ id: 1, result: { task: working } });
    c.server({ method: 'notifications/tasks/status', params: { ...working, status: 'completed' } });
    await new Promise((resolve) => setTimeout(resolve, 80));
    c.client({ id: 2, method: 'tasks/result', params: { taskId: 't1' } });
    c.server({ id: 2, result: { ...ok, isError: true } });
    expect(await c.summaries()).toEqual(['tool tool_error tool']);
    expect(c.receiver.of('tool_call')[0]?.duration_ms).toBeLessThan(60);
  });

  test('is reported as it stands when the process ends', async () => {
    await using c = await connection();
    c.client(call(1, 'left'));
    c.server({ id: 1, result: { resultType: 'task', ...working } });
    c.client(call(2, 'asked'));
    c.server({ id: 2, result: { resultType: 'input_required', requestState: 's' } });
    await c.end();
    expect((await c.summaries()).sort()).toEqual(['asked input_required none', 'left task none']);
    expect(c.receiver.of('session_end')).toHaveLength(1);
  });
});
