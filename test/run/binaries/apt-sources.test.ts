import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  parseDeb822,
  parseOneLine,
  readAptSources,
  releaseMirrors,
  sourcesFile,
} from '../../../run/binaries/apt-sources.ts';

const oneLine = `# the machine's own mirror
deb [ arch=amd64 signed-by=/usr/share/keyrings/debian.gpg ] http://mirror.example/debian bookworm main contrib # note
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
  deb	https://packages.example/tool /
`;

const deb822 = `Types: deb deb-src
# a comment inside a stanza
URIs: http://one.example/debian
 http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no


types: deb
uris: http://three.example/debian-security
suites: bookworm-security
components: main
trusted: yes
`;

test('one-line sources are read with their options and without source packages', () => {
  expect(parseOneLine(oneLine)).toEqual([
    {
      uri: 'http://mirror.example/debian',
      suites: ['bookworm'],
      components: ['main', 'contrib'],
      trust: { 'Signed-By': '/usr/share/keyrings/debian.gpg' },
    },
    {
      uri: 'http://mirror.example/debian-security',
      suites: ['bookworm-security'],
      components: ['main'],
      trust: {},
    },
    { uri: 'https://packages.example/tool', suites: ['/'], components: [], trust: {} },
  ]);
});

test('stanzas are read field by field, a source for each address, without those switched off', () => {
  const [one, two, three, ...more] = parseDeb822(deb822);
  expect(more).toEqual([]);
  expect([one!.uri, two!.uri]).toEqual(['http://one.example/debian', 'http://two.example/debian']);
  expect(two!.suites).toEqual(['bookworm', 'bookworm-updates']);
  expect(two!.trust['Signed-By']).toContain('\n mQINBF\n');
  expect(three).toEqual({
    uri: 'http://three.example/debian-security',
    suites: ['bookworm-security'],
    components: ['main'],
    trust: { Trusted: 'yes' },
  });
});

test('a machine is read from both formats, and only mirrors of whole releases are taken, each once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-test-'));
  try {
    mkdirSync(join(folder, 'sources.list.d'));
    writeFileSync(join(folder, 'sources.list'), oneLine);
    writeFileSync(join(folder, 'sources.list.d', 'debian.sources'), deb822);
    writeFileSync(join(folder, 'sources.list.d', 'again.list'), oneLine);
    writeFileSync(
      join(folder, 'sources.list.d', 'old.list.disabled'),
      'deb http://no.example/debian bookworm main',
    );
    expect(releaseMirrors(readAptSources(folder)).map(({ uri }) => uri)).toEqual([
      'http://mirror.example/debian',
      'http://one.example/debian',
      'http://two.example/debian',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a machine without apt sources has no mirror', () => {
  expect(readAptSources('/nonexistent')).toEqual([]);
});

test('a private source asks for one suite, under the same key', () => {
  const text = sourcesFile(parseOneLine(oneLine)[0]!, 'testing');
  expect(text).toBe(
    [
      'Types: deb',
      'URIs: http://mirror.example/debian',
      'Suites: testing',
      'Components: main',
      'Targets: Packages',
      'Signed-By: /usr/share/keyrings/debian.gpg',
      '',
    ].join('\n'),
  );
  expect(parseDeb822(sourcesFile(parseDeb822(deb822)[0]!, 'testing'))[0]!.trust['Signed-By']).toContain(
    'mQINBF',
  );
});
