import { describe, expect, test } from 'vitest';
import { Sequence } from '../../../../collector/process/detect/sequence/sequence.ts';
import { driven, START_MS } from './driven.ts';

/** Ten ways to work, each of them often. */
const ways = [
  ['list_invoices', 'get_invoice'],
  ['list_invoices', 'get_invoice', 'get_balance'],
  ['list_invoices', 'send_money'],
  ['get_balance'],
  ['get_balance', 'send_money'],
  ['list_invoices'],
  ['get_invoice', 'send_money'],
  ['get_invoice', 'get_balance', 'send_money'],
  ['get_invoice'],
  ['list_invoices', 'get_balance'],
];

function taught() {
  const detector = new Sequence();
  const { run } = driven(detector);
  const teach = (type: string, server: string, tools: readonly (readonly string[])[]) => {
    for (let i = 0; i < 60; i++)
      run({ type, calls: tools[i % tools.length]!.map((tool) => `${server}/${tool}`), learn: true });
  };
  teach('billing', 'bank', ways);
  teach(
    'support',
    'desk',
    ways.map((way) => way.map((tool) => `ticket_${tool}`)),
  );
  return { detector, run, teach };
}

describe('a session that leaves what its type does', () => {
  test('is found at its first call to a tool of a type with which it shares nothing', () => {
    const { run } = taught();
    const [found, ...more] = run({ type: 'billing', calls: ['bank/get_balance', 'desk/ticket_get_invoice'] });
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      detector: 'sequence',
      certainty: 'scored',
      server: 'desk',
      evidence: { calls: [1], baseline: { sessions: 60, foreignTools: 1 } },
    });
    expect(found?.message).toBe(
      '`desk/ticket_get_invoice`: 0 of 60 sessions of type billing used it, which used no tool of `desk`; 30 sessions of types that share no tool with it used `desk/ticket_get_invoice`.',
    );
  });

  test('is found when it uses a kind of tool that the type never used', () => {
    const { run } = taught();
    const [found] = run({ type: 'billing', calls: ['bank/get_balance', 'bank/run_shell'] });
    expect(found).toMatchObject({ certainty: 'scored' });
    expect(found?.message).toContain('which used no shell tool');
  });

  test('weighs more with each further foreign tool', () => {
    const { run } = taught();
    const scores = run({ type: 'billing', calls: ['bank/get_fee', 'bank/get_rate', 'bank/get_limit'] }).map(
      ({ score }) => score,
    );
    expect(scores).toHaveLength(3);
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
  });
});

describe('a session that only looks foreign', () => {
  test('is left alone when it uses known tools', () => {
    const { run } = taught();
    for (const way of ways)
      expect(run({ type: 'billing', calls: way.map((tool) => `bank/${tool}`) })).toEqual([]);
  });

  test('is only supporting evidence with one new tool of a known kind', () => {
    const { run } = taught();
    const [found] = run({ type: 'billing', calls: ['bank/get_fee'] });
    expect(found?.certainty).toBe('supporting');
  });

  test('says nothing with a name that no server knows', () => {
    const { run } = taught();
    expect(run({ type: 'billing', calls: [{ tool: 'bank/run_shell', outcome: 'protocol_error' }] })).toEqual(
      [],
    );
  });

  test('is no longer foreign once a release gave the tool to five principals in a day', () => {
    const { run } = taught();
    const found = Array.from(
      { length: 6 },
      (_, i) => run({ type: 'billing', calls: ['bank/refund_money'], startMs: START_MS + i * 60_000 }).length,
    );
    expect(found).toEqual([1, 1, 1, 1, 0, 0]);
  });

  test('is no sign where types share their tools anyway', () => {
    const { run, teach } = taught();
    teach('refunds', 'bank', [...ways, ['refund_money', 'get_fee']]);
    const [found] = run({ type: 'billing', calls: ['bank/get_fee'] });
    const alone = taught().run({ type: 'billing', calls: ['desk/ticket_get_invoice'] })[0];
    expect(found!.score).toBeLessThan(alone!.score / 2);
  });
});

describe('a type that is not known yet', () => {
  test('alarms nobody before thirty sessions', () => {
    const { run } = driven(new Sequence());
    for (let i = 0; i < 29; i++) run({ calls: ways[i % 10]!, learn: true });
    expect(run({ calls: ['shell/execute', 'mail/send_email'] })).toEqual([]);
  });

  test('alarms nobody while every session does the same, as one task teaches nothing about the next', () => {
    const { run } = driven(new Sequence());
    for (let i = 0; i < 200; i++) run({ calls: ['get_balance'], learn: true });
    expect(run({ calls: ['shell/execute', 'mail/send_email'] })).toEqual([]);
  });

  test('alarms nobody where new tools are everyday', () => {
    const { run } = driven(new Sequence());
    for (let i = 0; i < 100; i++) run({ calls: ['get_balance', `get_item_${i}`], learn: true });
    expect(run({ calls: ['shell/execute', 'mail/send_email'] })).toEqual([]);
  });
});

describe('a type whose tasks each bring new tools', () => {
  const varied = (detector = taught()) => {
    for (let i = 0; i < 60; i++)
      detector.run({ type: 'research', calls: [`lab/find_${i}`, `lab/read_${i}`], learn: true });
    return detector;
  };

  test('is judged by the tools of types with which it shares nothing', () => {
    const { run } = varied();
    expect(run({ type: 'research', calls: ['lab/find_99', 'lab/read_99'] })).toEqual([]);
    const [found] = run({ type: 'research', calls: ['lab/find_98', 'bank/send_money'] });
    expect(found).toMatchObject({ certainty: 'scored', evidence: { calls: [1] } });
  });

  test('is not judged once it shares a tool with others', () => {
    const { run } = varied();
    for (let i = 0; i < 60; i++)
      run({ type: 'research', calls: [`lab/note_${i}`, 'bank/get_balance'], learn: true });
    expect(run({ type: 'research', calls: ['lab/find_98', 'bank/send_money'] })).toEqual([]);
  });
});

describe('an order of calls never seen', () => {
  test('supports other evidence and is counted out in full', () => {
    const { run } = driven(new Sequence());
    for (let i = 0; i < 300; i++) run({ calls: ways[i % 10]!, learn: true });
    const [found] = run({ calls: ['get_balance', 'send_money', 'send_money'] });
    expect(found?.certainty).toBe('supporting');
    expect(found?.message).toBe(
      '`app/send_money` after `app/send_money`: 0 of 300 sessions of type support; `app/send_money` seen 0 times with 0 distinct successors.',
    );
  });
});

test('what was learnt survives a restart', () => {
  const { detector, run } = taught();
  const again = new Sequence();
  expect(again.restore(JSON.parse(JSON.stringify(detector.snapshot())))).toBe(true);
  const session = {
    type: 'billing',
    calls: ['bank/get_balance', 'desk/ticket_get_invoice', 'bank/__proto__'],
  };
  expect(
    driven(again)
      .run(session)
      .map(({ message }) => message),
  ).toEqual(run(session).map(({ message }) => message));
  expect(again.restore({ types: 1 })).toBe(false);
});

test('a flood of tools and types stays within bounds and is counted', () => {
  const detector = new Sequence();
  const { run } = driven(detector);
  for (let i = 0; i < 120; i++)
    run({ type: `type ${i}`, calls: Array.from({ length: 20 }, (_, j) => `tool_${i}_${j}`), learn: true });
  for (let i = 0; i < 60; i++)
    run({ type: 'wide', calls: Array.from({ length: 64 }, (_, j) => `wide_${i}_${j}`), learn: true });
  expect(detector.evicted()).toBeGreaterThan(0);
  expect(JSON.stringify(detector.snapshot()).length).toBeLessThan(2_000_000);
});
