import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const guard = resolve(import.meta.dirname, '../../run/node-version.cjs');

function underNode(version: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`;
  return spawnSync(process.execPath, ['-e', `${pretend} require(${JSON.stringify(guard)})`], {
    encoding: 'utf8',
  });
}

test.each(['12.0.0', '20.20.2', '22.17.1'])(
  'Node %s is turned away by one sentence that says what to do',
  (version) => {
    const { status, stderr } = underNode(version);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^Node ${version} cannot run this: 22\\.18 or newer is needed\\..*npm ci.*\\n$`),
    );
  },
);

test.each(['22.18.0', '24.0.0', process.versions.node])('Node %s passes without a word', (version) => {
  expect(underNode(version)).toMatchObject({ status: 0, stderr: '' });
});
