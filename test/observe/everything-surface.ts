/** A scripted client that uses all of server-everything, one message after the other, and keeps the bytes it gets. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown> & { task?: object };
  readonly result?: { task?: { taskId: string } };
}

const capabilities = {
  sampling: {},
  elicitation: { form: {}, url: {} },
  roots: { listChanged: true },
  tasks: { requests: { elicitation: { create: {} }, sampling: { createMessage: {} } } },
};
const FIXED = '2026-01-01T00:00:00.000Z';
const clientTask = (status: string) => ({
  taskId: 'client-task',
  status,
  ttl: 60_000,
  pollInterval: 10,
  createdAt: FIXED,
  lastUpdatedAt: FIXED,
});

/** What the client answers when the server asks. */
function reply({ method, params }: Message): object {
  if (params?.task !== undefined) return { task: clientTask('working') };
  switch (method) {
    case 'roots/list':
      return { roots: [{ uri: 'file:///work', name: 'work' }] };
    case 'sampling/createMessage':
      return { role: 'assistant', model: 'script', content: { type: 'text', text: 'sampled' } };
    case 'elicitation/create':
      return { action: 'accept', content: { name: 'Ada', interpretation: 'technical' } };
    case 'tasks/get':
      return clientTask('completed');
    case 'tasks/result':
      return { action: 'accept', content: { name: 'Ada' }, role: 'assistant', model: 'script' };
    default:
      return {};
  }
}

const tool = (name: string, args: object = {}): [string, object] => ['tools/call', { name, arguments: args }];
const resource = 'demo://resource/dynamic/text/1';

const surface: readonly [string, object?][] = [
  ['ping'],
  ['tools/list'],
  ['prompts/list'],
  ['resources/list'],
  ['resources/templates/list'],
  ['logging/setLevel', { level: 'debug' }],
  tool('echo', { message: 'ünïcode   𝄞 "quoted"' }),
  tool('echo', { message: 'x'.repeat(300_000) }),
  tool('echo', {}),
  tool('no-such-tool'),
  tool('get-sum', { a: 1, b: 2 }),
  tool('get-env'),
  tool('get-tiny-image'),
  tool('get-annotated-message', { messageType: 'error', includeImage: true }),
  tool('get-structured-content', { location: 'Chicago' }),
  tool('get-resource-links', { count: 3 }),
  tool('get-resource-reference', { resourceType: 'Text', resourceId: 1 }),
  tool('get-roots-list'),
  tool('gzip-file-as-resource', { name: 'a.gz', data: 'data:text/plain,hello', outputType: 'resource' }),
  tool('toggle-simulated-logging'),
  tool('toggle-simulated-logging'),
  ['resources/subscribe', { uri: resource }],
  tool('toggle-subscriber-updates'),
  tool('toggle-subscriber-updates'),
  ['resources/unsubscribe', { uri: resource }],
  tool('trigger-sampling-request', { prompt: 'p', maxTokens: 5 }),
  tool('trigger-elicitation-request'),
  tool('trigger-elicitation-request-async'),
  tool('trigger-sampling-request-async', { prompt: 'p', maxTokens: 5 }),
  tool('trigger-url-elicitation', { url: 'https://example.test/' }),
  [
    'tools/call',
    {
      ...tool('trigger-long-running-operation', { duration: 0.1, steps: 2 })[1],
      _meta: { progressToken: 'p' },
    },
  ],
  ['resources/read', { uri: resource }],
  ['resources/read', { uri: 'demo://resource/dynamic/blob/2' }],
  ['resources/read', { uri: 'demo://nowhere' }],
  ['prompts/get', { name: 'simple-prompt' }],
  ['prompts/get', { name: 'args-prompt', arguments: { city: 'Rome' } }],
  ['prompts/get', { name: 'resource-prompt', arguments: { resourceType: 'Text', resourceId: '1' } }],
  ['prompts/get', { name: 'no-such-prompt' }],
  [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'completable-prompt' }, argument: { name: 'department', value: 'E' } },
  ],
  ['no/such/method'],
  [
    'tools/call',
    { ...tool('simulate-research-query', { topic: 'owls', ambiguous: true })[1], task: { ttl: 60_000 } },
  ],
  ['tasks/get', { taskId: 'TASK' }],
  ['tasks/list'],
  ['tasks/result', { taskId: 'TASK' }],
  ['tasks/get', { taskId: 'TASK' }],
  ['tasks/cancel', { taskId: 'TASK' }],
];

/** Runs the server and returns everything it wrote to stdout. */
export async function useAll(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Buffer> {
  const server = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const bytes: Buffer[] = [];
  server.stdout.on('data', (chunk: Buffer) => bytes.push(chunk));
  const send = (message: object) => server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const waiting = new Map<number | string, (message: Message) => void>();
  createInterface({ input: server.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (message.method !== undefined && message.id !== undefined)
      send({ id: message.id, result: reply(message) });
    const key = message.method ?? message.id ?? '';
    waiting.get(key)?.(message);
    waiting.delete(key);
  });
  const next = (key: number | string) => new Promise<Message>((resolve) => waiting.set(key, resolve));
  let id = 0;
  const request = (method: string, params: object = {}) => {
    const answer = next(id);
    send({ id, method, params });
    id += 1;
    return answer;
  };
  await request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities,
    clientInfo: { name: 'script', version: '1' },
  });
  const logged = next('notifications/message');
  send({ method: 'notifications/initialized' });
  server.stdin.write('this is no JSON\n');
  await logged;
  let taskId = '';
  for (const [method, params = {}] of surface) {
    const answer = await request(method, 'taskId' in params ? { ...params, taskId } : params);
    taskId = answer.result?.task?.taskId ?? taskId;
  }
  const cancelled = id;
  void request(...tool('trigger-long-running-operation', { duration: 30, steps: 1 }));
  send({ method: 'notifications/cancelled', params: { requestId: cancelled, reason: 'enough' } });
  await request('ping');
  server.stdin.end();
  const impatient = setTimeout(() => server.kill('SIGTERM'), 2_000);
  await new Promise((resolve) => server.on('close', resolve));
  clearTimeout(impatient);
  return Buffer.concat(bytes);
}
