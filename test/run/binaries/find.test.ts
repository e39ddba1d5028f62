import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromContainerImages } from '../../../run/binaries/container.ts';
import { findBinaries } from '../../../run/binaries/find.ts';
import { replacePath } from '../../../run/binaries/relocate.ts';
import { toolNames } from '../../../run/binaries/tools.ts';
import { isAtLeast, versionOf } from '../../../run/binaries/version.ts';
import { images } from '../../../stack/images.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const quiet = () => {};

function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('on this machine the four programs are found, run and are new enough', {
  timeout: 300_000,
}, async () => {
  const binaries = await findBinaries();
  for (const tool of toolNames) {
    expect(await versionOf(binaries[tool].path, process.env)).toBe(binaries[tool].version);
  }
  expect(isAtLeast(binaries.prometheus.version, '3.5')).toBe(true);
  expect(isAtLeast(binaries.alertmanager.version, '0.33')).toBe(true);
});

test('an Alertmanager that was only unpacked starts, from any working directory', {
  timeout: 300_000,
}, async () => {
  const { alertmanager } = await findBinaries();
  writeFileSync(join(folder, 'am.yml'), 'route: {receiver: none}\nreceivers: [{name: none}]\n');
  const args = ['--config.file=am.yml', '--storage.path=data', '--web.listen-address=127.0.0.1:0'];
  const child = spawn(alertmanager.path, [...args, '--cluster.listen-address='], { cwd: folder });
  let log = '';
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      if (log.includes('Listening on')) child.kill();
    });
    child.on('close', () => resolve());
  });
  expect(log).toContain('Listening on');
});

describe('where nothing can be found', () => {
  test('one sentence says what to install, which variables there are and what was tried', async () => {
    const search = findBinaries({ PATH: '', HOME: folder }, quiet);
    await expect(search).rejects.toThrow(
      /^Install Prometheus 3\.5 or newer.*MCP_LOOKOUT_AMTOOL.*apt-get and dpkg are not on PATH.*docker nor podman/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a program on PATH that is too old is passed over', async () => {
    for (const tool of toolNames) program(tool, `echo "${tool}, version 0.1.0"`);
    await expect(findBinaries({ PATH: folder, HOME: folder }, quiet)).rejects.toThrow('Install Prometheus');
  });
});

describe('programs that the user names', () => {
  test('are taken before all others', async () => {
    for (const tool of toolNames) program(tool, `echo "${tool}, version 9.1.0"`);
    const own = program('own', 'echo "amtool, version 8.0.1"');
    const found = await findBinaries({ PATH: folder, HOME: folder, MCP_LOOKOUT_AMTOOL: own }, quiet);
    expect(found.amtool).toEqual({ path: own, version: '8.0.1' });
    expect(found.prometheus).toEqual({ path: join(folder, 'prometheus'), version: '9.1.0' });
  });

  test.each([
    ['missing', undefined, 'is not a program that can be run'],
    ['too old', 'echo "prometheus, version 2.53.3"', 'is version 2.53.3; 3.5 or newer is needed'],
    ['broken', 'echo "cannot open shared object" >&2; exit 127', 'failed: cannot open shared object'],
  ])('are refused by a sentence when %s', async (_, script, sentence) => {
    const path = script ? program('own', script) : join(folder, 'none');
    const search = findBinaries({ PATH: '', HOME: folder, MCP_LOOKOUT_PROMETHEUS: path }, quiet);
    await expect(search).rejects.toThrow(sentence);
  });
});

describe('container images', () => {
  /** Stands in for docker, which no test may need: it hands out small programs instead of an image's contents. */
  function engine(version: string): Record<string, string> {
    for (const tool of toolNames) program(tool, `echo "${tool}, version ${version}"`);
    program(
      'docker',
      `echo "$@" >>"${folder}/log"
case $1 in
  create) echo "Pulling from a registry" >&2; echo c0ffee ;;
  cp) exec /bin/cp "${folder}/\${2##*/}" "$3" ;;
esac`,
    );
    return { PATH: folder, HOME: folder };
  }

  test('are asked for by digest, copied from and removed again', async () => {
    const env = engine('7.0.0');
    const binaries = await fromContainerImages(env, quiet);
    expect(binaries.promtool.version).toBe('7.0.0');
    expect(await versionOf(binaries.amtool.path, env)).toBe('7.0.0');
    expect(readFileSync(join(folder, 'log'), 'utf8').split('\n')).toEqual([
      `create ${images.prometheus.repository}:${images.prometheus.tag}@${images.prometheus.digest}`,
      expect.stringMatching(/^cp c0ffee:\/bin\/prometheus /),
      expect.stringMatching(/^cp c0ffee:\/bin\/promtool /),
      'rm c0ffee',
      `create ${images.alertmanager.repository}:${images.alertmanager.tag}@${images.alertmanager.digest}`,
      expect.stringMatching(/^cp c0ffee:\/bin\/alertmanager /),
      expect.stringMatching(/^cp c0ffee:\/bin\/amtool /),
      'rm c0ffee',
      '',
    ]);
  });

  test('are found in the cache the next time, and by two searches at once', async () => {
    const env = engine('7.0.0');
    const [one, two] = await Promise.all([fromContainerImages(env, quiet), fromContainerImages(env, quiet)]);
    expect(one).toEqual(two);
    const cache = join(folder, '.cache', 'mcp-lookout', 'binaries');
    expect(readdirSync(cache)).toHaveLength(1);
    expect(await findBinaries({ PATH: '', HOME: folder }, quiet)).toEqual(one);
  });

  test('that hold something too old leave nothing behind', async () => {
    const env = engine('0.30.0');
    await expect(fromContainerImages(env, quiet)).rejects.toThrow('it offers only prometheus 0.30.0');
    expect(readdirSync(join(folder, '.cache', 'mcp-lookout', 'binaries'))).toEqual([]);
  });
});

test('a path in a binary is replaced everywhere by one of the same length, and by no other', () => {
  const { bytes, count } = replacePath(Buffer.from('\0/usr/a\x01/usr/a/ui'), '/usr/a', '/fd///');
  expect([bytes.toString(), count]).toEqual(['\0/fd///\x01/fd////ui', 2]);
  expect(() => replacePath(Buffer.from(''), '/usr/a', '/fd')).toThrow('must be as long as');
});
