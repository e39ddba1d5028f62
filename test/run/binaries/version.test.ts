import { expect, test } from 'vitest';
import { versionsOffered } from '../../../run/binaries/debian.ts';
import { isAtLeast, upstreamVersion, versionOf } from '../../../run/binaries/version.ts';

test.each([
  [
    'prometheus, version 3.5.3+ds1 (branch: debian/sid, revision: 3.5.3+ds1-6)\n  go version: go1.27.1',
    '3.5.3',
  ],
  ['alertmanager, version 0.33.1 (branch: HEAD)', '0.33.1'],
  ['3.5.3+ds1-6', '3.5.3'],
  ['1:3.15.0~rc1-2', '3.15.0'],
  ['v0.34', '0.34'],
  ['GNU coreutils', undefined],
])('the upstream version of %j is %s', (text, version) => {
  expect(upstreamVersion(text)).toBe(version);
});

test.each([
  ['3.5.0', '3.5', true],
  ['3.15.0', '3.5', true],
  ['4.0.0', '3.5', true],
  ['3.4.9', '3.5', false],
  ['2.53.3', '3.5', false],
  ['0.33.1', '0.33', true],
  ['0.4.0', '0.33', false],
])('%s is at least %s: %s', (version, minimum, expected) => {
  expect(isAtLeast(version, minimum)).toBe(expected);
});

test('the newest version that apt offers of each package is read from its table', () => {
  const table = [
    'prometheus | 3.5.3+ds1-6 | http://mirror.example/debian testing/main amd64 Packages',
    'prometheus | 2.53.3+ds1-1 | http://mirror.example/debian stable/main amd64 Packages',
    'prometheus-alertmanager | 0.33.1-5 | http://mirror.example/debian testing/main amd64 Packages',
    '',
  ].join('\n');
  expect([...versionsOffered(table)]).toEqual([
    ['prometheus', '3.5.3'],
    ['prometheus-alertmanager', '0.33.1'],
  ]);
});

test('a program that does not say a version is refused by its path', async () => {
  await expect(versionOf('/bin/echo', { PATH: '/nowhere' })).rejects.toThrow('/bin/echo --version');
});
