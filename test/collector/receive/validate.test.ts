import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import {
  type EventKind,
  eventKinds,
  eventSchemas,
  NAME_LENGTH,
} from '../../../collector/catalogue/events.ts';
import { faultOf, walkedFaultOf } from '../../../collector/receive/validate.ts';
import { seeded } from '../../random.ts';

const common = {
  id: 'e1',
  time: '2026-11-21T09:30:15Z',
  server: 'files',
  client: { name: 'desk', version: '1' },
  user: 'ada',
  session: { id: 's1', type: 'chat' },
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  source: '10.0.0.1',
  environment: 'production',
};
const samples: Record<EventKind, Record<string, unknown>> = {
  tool_call: {
    ...common,
    kind: 'tool_call',
    tool: 'read',
    outcome: 'ok',
    fault: 'none',
    code: -32602,
    duration_ms: 12.5,
    request_bytes: 10,
    response_bytes: 20,
    arguments: { path: '/' },
    result: [1, 'two', null],
    error_message: '',
  },
  session_start: { ...common, kind: 'session_start' },
  session_end: { ...common, kind: 'session_end', reason: 'done' },
  policy_decision: {
    ...common,
    kind: 'policy_decision',
    tool: 'read',
    decision: 'deny',
    policy: 'p',
    reason: 'r',
  },
  dlp_block: { ...common, kind: 'dlp_block', tool: 'read', rule: 'card numbers', direction: 'request' },
  auth_failure: { ...common, kind: 'auth_failure', reason: 'expired_token' },
  tool_list: {
    ...common,
    kind: 'tool_list',
    tools: [
      { name: 'read', description_hash: 'a', schema_hash: 'b', annotations: { readOnlyHint: true } },
      { name: 'write' },
    ],
  },
};
const call = samples.tool_call;
const without = (key: string) => Object.fromEntries(Object.entries(call).filter(([name]) => name !== key));

test.each(eventKinds)('a full %s is an event', (kind) => {
  expect(faultOf(samples[kind])).toBeUndefined();
});

test.each([
  [{ ...call, duration_ms: -1 }, 'duration_ms must be >= 0'],
  [{ ...call, tol: 'read' }, 'unknown field "tol"'],
  [{ ...call, client: { nam: 'desk' } }, 'client.name is required'],
  [{ ...call, client: { name: 'desk', vendor: 1 } }, 'unknown field "client.vendor"'],
  [{ ...call, client: null }, 'client must be an object'],
  [{ ...call, id: 7 }, 'id must be a string'],
  [{ ...call, id: '' }, 'id must have at least 1 characters'],
  [{ ...call, tool: 'x'.repeat(NAME_LENGTH + 1) }, `tool must have at most ${NAME_LENGTH} characters`],
  [{ ...call, code: 1.5 }, 'code must be a whole number'],
  [{ ...call, duration_ms: '12' }, 'duration_ms must be a number'],
  [{ ...call, duration_ms: Number.POSITIVE_INFINITY }, 'duration_ms must be <= 604800000'],
  [{ ...call, request_bytes: 2 ** 53 }, 'request_bytes must be <= 1099511627776'],
  [without('server'), 'server is required'],
  [without('tool'), 'tool is required'],
  [
    { ...call, outcome: 'fine' },
    'outcome must be one of ok, tool_error, protocol_error, server_error, denied, blocked, auth_denied, cancelled, aborted, input_required, task',
  ],
  [{ ...samples.auth_failure, source: undefined }, 'source is required'],
  [{ ...samples.tool_list, tools: [{ name: 'a' }, { name: 3 }] }, 'tools[1].name must be a string'],
  [{ ...samples.tool_list, tools: 'read' }, 'tools must be an array'],
  [
    { ...samples.tool_list, tools: [{ name: 'a', annotations: [] }] },
    'tools[0].annotations must be an object',
  ],
  [without('kind'), `kind is required and must be one of ${eventKinds.join(', ')}`],
  [{ ...call, kind: 'constructor' }, `kind must be one of ${eventKinds.join(', ')}`],
  [{ ...call, kind: ['tool_call'] }, `kind must be one of ${eventKinds.join(', ')}`],
  [null, 'an event must be a JSON object'],
  [[call], 'an event must be a JSON object'],
  ['tool_call', 'an event must be a JSON object'],
])('%o is refused with a sentence that names the field', (event, sentence) => {
  expect(faultOf(event)).toBe(sentence);
});

test('keys that name parts of every object are unknown fields', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    const event = JSON.parse(JSON.stringify(call).replace('"user"', `"${key}"`));
    expect(faultOf(event)).toBe(`unknown field "${key}"`);
  }
});

test('a sender’s own words are repeated in part only', () => {
  const fault = faultOf({ ...call, ['k'.repeat(100_000)]: 1 });
  expect(fault).toMatch(/^unknown field "k{64}…"$/);
});

test('a million unknown keys are refused at the first', () => {
  const keys = Array.from({ length: 1_000_000 }, (_, i) => `"k${i}":0`).join();
  const event = JSON.parse(JSON.stringify(call).replace('}', `},${keys}`));
  expect(faultOf(event)).toBe('unknown field "k0"');
});

describe('compared with the schema library', () => {
  const checks = Object.fromEntries(eventKinds.map((kind) => [kind, Compile(eventSchemas[kind])]));
  const next = seeded(20_261_121);
  const random = (below: number) => Math.floor(next() * below);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const oddities: readonly unknown[] = [
    null,
    true,
    -1,
    0,
    1.5,
    1e300,
    '',
    'x',
    'ok',
    'x'.repeat(256),
    'x'.repeat(257),
    'y'.repeat(4_097),
    [],
    {},
    [{}],
    [{ name: 'a' }],
    { name: 'a' },
    { id: 'a', type: '' },
    { name: 'a', extra: 1 },
    '2026-11-21T09:30:15Z',
    -(2 ** 31) - 1,
    2 ** 31,
    604_800_001,
  ];

  test.each(eventKinds)('the same events of kind %s pass, whatever is changed in them', (kind) => {
    const verdicts = new Set<boolean>();
    for (let round = 0; round < 5_000; round++) {
      const event = structuredClone(samples[kind]);
      const keys = [...Object.keys(event), 'extra'].filter((key) => key !== 'kind');
      for (let changes = random(3); changes >= 0; changes--) {
        const key = pick(keys);
        if (random(3) === 0) delete event[key];
        else event[key] = pick(oddities);
      }
      const expected = checks[kind]!.Check(event);
      verdicts.add(expected);
      expect([event, faultOf(event) === undefined]).toEqual([event, expected]);
      expect([event, walkedFaultOf(event)]).toEqual([event, faultOf(event)]);
    }
    expect(verdicts.size, 'events that pass and events that do not').toBe(2);
  });
});

test('a runtime that makes no code from text checks all the same', () => {
  const validate = resolve(import.meta.dirname, '../../../collector/receive/validate.ts');
  const program = `import { faultOf } from ${JSON.stringify(validate)};
    console.log(JSON.stringify([faultOf(${JSON.stringify(call)}) ?? null, faultOf({ kind: 'tool_call' })]));`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module-typescript', '-e'];
  const answer = execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' });
  expect(JSON.parse(answer)).toEqual([null, 'id is required']);
});
