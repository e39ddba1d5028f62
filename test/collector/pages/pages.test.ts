import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningCollector, testConfig, toolCall } from '../running.ts';

const HOSTILE = `<img src=x onerror="alert('1')">&amp;\u202egnp.exe`;
const START_MS = Date.now() - 600_000;
const at = (seconds: number) => new Date(START_MS + seconds * 1_000).toISOString();

let collector: RunningCollector;

async function get(path: string): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`http://127.0.0.1:${collector.ports.pages}${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const json = async (path: string) => JSON.parse((await get(path)).text);
/** The id under which a session is shown, by its type. */
const idOf = async (type: string): Promise<string> =>
  (await json(`/api/sessions?type=${type}`)).sessions[0].id;

/** Status of a request that calls the server by another name than its address. */
const statusFor = (host: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: collector.ports.pages,
      path: '/api/sessions',
      headers: { host },
    };
    request(options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });

beforeAll(async () => {
  collector = await RunningCollector.start(testConfig({ baselineMinimumSessions: 2 }));
  const usual = ['u1', 'u2'].flatMap((id) => {
    const session = { id, type: 'support' };
    return [
      toolCall({ session, time: at(0) }),
      {
        ...toolCall({ session, time: at(5), kind: 'session_end' }),
        tool: undefined,
        outcome: undefined,
        duration_ms: undefined,
      },
    ];
  });
  const leak = { id: 'secret-session-id', type: 'leak' };
  const leaking = [
    toolCall({ session: leak, time: at(10), user: 'ada', request_bytes: 10, response_bytes: 5_000 }),
    toolCall({ session: leak, time: at(11), tool: 'list', request_bytes: 2, response_bytes: 60 }),
    toolCall({
      session: leak,
      time: at(13),
      server: 'mail',
      tool: 'send',
      request_bytes: 900,
      response_bytes: 1,
    }),
    {
      id: 'deny-1',
      time: at(12),
      kind: 'policy_decision',
      server: 'mail',
      tool: 'send',
      decision: 'deny',
      policy: 'outbound',
      session: leak,
    },
  ];
  const odd = { id: 'odd', type: 'support' };
  const exploring = Array.from({ length: 12 }, (_, i) =>
    toolCall({
      session: odd,
      time: at(20 + i),
      tool: i === 0 ? HOSTILE : `tool-${i}`,
      user: HOSTILE,
      client: { name: HOSTILE },
    }),
  );
  for (const events of [usual, leaking, exploring]) {
    const { body } = await collector.send(events);
    expect(body).toMatchObject({ accepted: events.length, rejected: [] });
  }
});

afterAll(() => collector.end());

describe('the API', () => {
  test('lists sessions by what is asked for, with their figures', async () => {
    const { matching, sessions } = await json('/api/sessions?sort=tools&limit=2');
    expect(matching).toBe(4);
    expect(sessions).toMatchObject([
      { type: 'support', state: 'open', distinct_tools: 12, calls: 12, findings: 1 },
      {
        type: 'leak',
        user: 'ada',
        client: 'desk',
        calls: 3,
        denials: 1,
        duration_seconds: 3,
        started: at(10),
      },
    ]);
  });

  test('keeps to one type', async () => {
    const { sessions } = await json('/api/sessions?type=support');
    expect(sessions.map(({ state }: { state: string }) => state).toSorted()).toEqual([
      'ended',
      'ended',
      'open',
    ]);
  });

  test.each([
    ['user=ada', ['leak']],
    ['tool=send', ['leak']],
    ['tool=mail/send&server=mail', ['leak']],
    ['tool=send&server=files', ['leak']],
    ['tool=nothing', []],
    ['with=denials', ['leak']],
    ['with=findings', ['support']],
    ['with=findings,denials', []],
    ['state=ended', ['support', 'support']],
    ['state=open&client=desk', ['leak']],
    ['until=2020-01-01', []],
    ['from=2020-01-01&until=&user=', ['leak', 'support', 'support', 'support']],
  ])('finds by %s', async (query, types) => {
    const { matching, sessions } = await json(`/api/sessions?${query}`);
    expect(sessions.map(({ type }: { type: string }) => type).toSorted()).toEqual(types);
    expect(matching).toBe(types.length);
  });

  test('turns pages by what each answer says is next', async () => {
    const seen: string[] = [];
    let next: string | undefined;
    do {
      const before: string = next === undefined ? '' : `&before=${encodeURIComponent(next)}`;
      const page = await json(`/api/sessions?limit=1${before}`);
      expect(page.sessions).toHaveLength(1);
      seen.push(page.sessions[0].id);
      next = page.next;
    } while (next !== undefined);
    const all = (await json('/api/sessions')).sessions.map(({ id }: { id: string }) => id);
    expect(seen).toEqual(all);
  });

  test('shows one session with its timeline, read back from the journal, and its flows', async () => {
    const session = await json(`/api/sessions/${await idOf('leak')}`);
    expect(session.timeline.partial).toBe(false);
    expect(
      session.timeline.events.map(({ kind, tool, time }: Record<string, string>) => [kind, tool, time]),
    ).toEqual([
      ['tool_call', 'read', at(10)],
      ['tool_call', 'list', at(11)],
      ['policy_decision', 'send', at(12)],
      ['tool_call', 'send', at(13)],
    ]);
    expect(session.flows).toEqual([
      { from: 'files/read', to: 'mail/send', bytes: 900 },
      { from: 'files/list', to: 'mail/send', bytes: 60 },
      { from: 'files/read', to: 'files/list', bytes: 2 },
    ]);
    expect(session.tools).toContainEqual({ tool: 'mail/send', calls: 1 });
  });

  test('lists findings with the session they are about', async () => {
    const { findings } = await json('/api/findings');
    expect(findings).toMatchObject([
      {
        detector: 'tool_diversity',
        severity: 'warning',
        score: 12,
        message: '12 distinct tools; the median of the last 2 sessions of type support is 1.',
        last_seen: at(31),
      },
    ]);
    expect(await json(`/api/sessions/${findings[0].session}`)).toMatchObject({
      distinct_tools: 12,
      findings,
    });
  });

  test('never shows the id that a session has on the wire', async () => {
    const id = await idOf('leak');
    for (const path of ['/', `/sessions/${id}`, '/api/sessions', `/api/sessions/${id}`]) {
      expect((await get(path)).text).not.toContain('secret-session-id');
    }
    expect((await get('/api/sessions/secret-session-id')).status).toBe(404);
  });

  test.each([
    ['/api/sessions?sort=size', 400, 'sort must be one of recent, tools, calls, errors'],
    [
      '/api/sessions?with=trouble',
      400,
      'with must be one of errors, refused, denials, dlp_blocks, auth_failures, findings',
    ],
    ['/api/sessions?state=gone', 400, 'state must be one of open, ended, idle, evicted'],
    ['/api/sessions?from=yesterday', 400, 'from must be a time such as 2026-11-21 or 2026-11-21T09:30:00Z'],
    [
      '/api/sessions?until=2026-13-45',
      400,
      'until must be a time such as 2026-11-21 or 2026-11-21T09:30:00Z',
    ],
    ['/api/sessions?before=1', 400, 'before must be the next that an answer gave'],
    ['/api/sessions?limit=0', 400, 'limit must be a whole number from 1 to 1000'],
    ['/api/sessions?limit=1e3', 400, 'limit must be a whole number from 1 to 1000'],
    [
      '/api/sessions/__proto__',
      404,
      'no session has this id; if it ended long ago, the journal has it no more',
    ],
    ['/api/nothing', 404, 'there is no such page; the pages are / and /findings, the API is under /api'],
  ])('answers %s with %i and one sentence', async (path, status, error) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toEqual({ error });
  });
});

describe('the pages', () => {
  test('show sessions, the session, its timeline and its findings to people', async () => {
    const list = await get('/?sort=calls');
    expect(list.text).toContain('4 match; 2 sessions are open now.');
    expect(list.text).toContain('12 distinct tools; the median of the last 2 sessions of type support is 1.');
    expect(list.text).toMatch(
      /<th scope="col" class="number" aria-sort="descending"><a href="\/\?sort=calls[^"]*">Calls ↓/,
    );
    const session = await get(`/sessions/${await idOf('leak')}`);
    for (const text of ['mail/send', 'policy outbound', '5 kB', '+3 s', '<a href="/?user=ada">ada</a>']) {
      expect(session.text).toContain(text);
    }
    expect((await get('/findings')).text).toContain('12 distinct tools');
  });

  test('escape every name that came from outside', async () => {
    const [{ session }] = (await json('/api/findings')).findings;
    for (const path of ['/', '/findings', `/sessions/${session}`]) {
      const { text } = await get(path);
      expect(text).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;');
      expect(text).not.toMatch(/<(?:img|script)/i);
      expect(text).not.toContain('\u202e');
    }
  });

  test('run no script, load nothing from elsewhere and are kept in no cache', async () => {
    const { headers, text } = await get('/');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect([...text.matchAll(/(?:src|href)="([^"]*)"/g)].every(([, link]) => link!.startsWith('/'))).toBe(
      true,
    );
    expect((await get('/style.css')).headers.get('content-type')).toContain('text/css');
  });

  test('say in a sentence what is not there', async () => {
    const answer = await get('/sessions/unknown');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.text).toContain('No session has this id');
    expect((await get('/?sort=size')).text).toContain('Sort must be one of');
  });

  test('answer to names of this machine only, so that no web site can read them through a browser', async () => {
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080']) expect(await statusFor(host)).toBe(200);
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      expect(await statusFor(host)).toBe(421);
    }
  });
});
