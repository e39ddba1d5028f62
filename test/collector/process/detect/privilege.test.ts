import { expect, test } from 'vitest';
import type { Outcome } from '../../../../collector/catalogue/labels.ts';
import { Detection } from '../../../../collector/process/detect/detection.ts';
import type { Suspicion } from '../../../../collector/process/detect/detector.ts';
import { Privilege } from '../../../../collector/process/detect/privilege/privilege.ts';
import { riskByName } from '../../../../collector/process/detect/tool-words.ts';
import { driven, type WrittenCall, type WrittenSession } from './driven.ts';

const refused: WrittenCall = {
  tool: 'db/read_table',
  args: { table: 'payroll' },
  result: 'Permission denied for table payroll',
  outcome: 'tool_error',
};
const vault: WrittenCall = {
  tool: 'ci/read_variables',
  args: { project: 'nightly' },
  result: { EXPORT_ROLE: 'role-7f3a91c2' },
};
const run = (...calls: (WrittenCall | string)[]) => driven(new Privilege()).run({ calls });

test('a refused resource that another server gives, with a token from a result in between, is confirmed', () => {
  const said = run(refused, vault, {
    tool: 'admin/export',
    args: { source: 'payroll', role: 'role-7f3a91c2' },
    result: 'done',
  });
  expect(said).toMatchObject([{ certainty: 'confirmed', tool: 'export', evidence: { calls: [0, 1, 2] } }]);
  expect(said[0]?.message).toBe(
    '`db/read_table` was refused, and 2 calls later `admin/export` succeeded on the same resource, with `role` out of what `ci/read_variables` returned in between.',
  );
});

test('rights that the session gave itself, and then used, are confirmed', () => {
  const said = run(
    refused,
    { tool: 'iam/grant_role', args: { role: 'reader', to: 'agent' }, result: 'granted' },
    { ...refused, result: { rows: 12 }, outcome: 'ok' },
  );
  expect(said).toMatchObject([{ certainty: 'confirmed', evidence: { calls: [0, 1, 2] } }]);
});

test('three different tries that were refused before one worked are told', () => {
  const said = run(
    refused,
    { ...refused, args: { table: 'payroll', schema: 'public' } },
    { ...refused, tool: 'db/dump', args: { table: 'payroll' } },
    { tool: 'files/copy_backup', args: { name: 'payroll' }, result: 'copied' },
  );
  expect(said).toMatchObject([{ certainty: 'scored', evidence: { calls: [0, 1, 2, 3] } }]);
});

test.each([
  [
    'a retry after somebody else gave access',
    [refused, 'app/wait', { ...refused, result: { rows: 12 }, outcome: 'ok' }],
  ],
  [
    'a fallback tool',
    [refused, vault, { tool: 'reports/get_summary', args: { of: 'payroll' }, result: 'ok' }],
  ],
  [
    'another resource with a token that a result gave',
    [refused, vault, { tool: 'ci/start', args: { pipeline: 'docs', role: 'role-7f3a91c2' }, result: 'ok' }],
  ],
  [
    'the same call tried until it works',
    [refused, refused, refused, { ...refused, result: { rows: 12 }, outcome: 'ok' }],
  ],
  [
    'an error that is no refusal',
    [
      { ...refused, result: 'table payroll is locked' },
      vault,
      { tool: 'admin/export', args: { source: 'payroll', role: 'role-7f3a91c2' }, result: 'done' },
    ],
  ],
  [
    'a refusal of more than half an hour ago',
    [
      refused,
      vault,
      { tool: 'admin/export', args: { source: 'payroll', role: 'role-7f3a91c2' }, afterMs: 31 * 60_000 },
    ],
  ],
] as [string, WrittenSession['calls']][])('nothing is said about %s', (_, calls) => {
  expect(run(...calls)).toEqual([]);
});

test('a policy that refuses a tool makes its failed call a refusal', () => {
  const said: Suspicion[] = [];
  const detection = new Detection({
    detectors: [new Privilege()],
    riskOf: (_, tool) => riskByName(tool),
    report: (_, suspicion) => said.push(suspicion),
  });
  const facts = { id: 's', type: 't', principal: 'p', user: 'p', client: 'c', server: 'db', startedMs: 0 };
  const watch = detection.open();
  const event = { id: 'e', time: '2026-01-05T09:00:00Z', server: 'db', tool: 'read_table' } as const;
  detection.policyDecision({ ...event, kind: 'policy_decision', decision: 'deny' }, 1_000, facts, watch);
  const call = (server: string, tool: string, outcome: Outcome, args: unknown, result: unknown) =>
    detection.toolCall(
      { ...event, kind: 'tool_call', server, tool, outcome, arguments: args, result },
      2_000,
      facts,
      watch,
    );
  call('db', 'read_table', 'protocol_error', { table: 'payroll' }, 'failed');
  call('ci', 'read_variables', 'ok', {}, { role: 'role-7f3a91c2' });
  call('admin', 'export', 'ok', { source: 'payroll', role: 'role-7f3a91c2' }, 'done');
  expect(said).toMatchObject([{ certainty: 'confirmed', evidence: { calls: [0, 1, 2] } }]);
});
