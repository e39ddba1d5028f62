/**
 * Unpacks Debian packages without installing them: apt works in a private folder, on the machine's own mirror, proxy
 * and keyring, so that no list, cache or package of the system changes and no root is needed.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AptSource, readAptSources, releaseMirrors, sourcesFile } from './apt-sources.ts';
import { addToCache, cacheFolder } from './cache.ts';
import { onPath, runCommand } from './command.ts';
import { relocateAlertmanager } from './relocate.ts';
import { type Binaries, type Environment, type Progress, type Tool, toolNames } from './tools.ts';
import { suffices, upstreamVersion } from './version.ts';

/** Newest first, by names that outlive releases. `unstable` only when nothing else suffices. `devel` is Ubuntu's. */
const suites = ['testing', 'stable', 'devel', 'unstable'] as const;

/** The package that decides for each tool; promtool is in its own or, before 3.5.3+ds1-6, in prometheus. */
const packages = ['prometheus', 'promtool', 'prometheus-alertmanager'] as const;

/** Where the packages put the programs. */
const programs: Readonly<Record<Tool, string>> = {
  prometheus: 'usr/bin/prometheus',
  promtool: 'usr/bin/promtool',
  alertmanager: 'usr/bin/prometheus-alertmanager',
  amtool: 'usr/bin/amtool',
};

const MINUTES = 60_000;

/** Throws one sentence that says why nothing came of it. */
export async function fromDebianMirror(env: Environment, progress: Progress): Promise<Binaries> {
  if (!onPath('apt-get', env) || !onPath('dpkg', env)) throw new Error('apt-get and dpkg are not on PATH');
  const mirrors = releaseMirrors(readAptSources());
  if (mirrors.length === 0) throw new Error('no apt source under /etc/apt has a whole release');
  const refusals = new Set<string>();
  for (const suite of suites) {
    for (const mirror of mirrors) {
      const folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-apt-'));
      try {
        return await unpackSuite(folder, mirror, suite, env, progress);
      } catch (error) {
        refusals.add(`${suite}: ${(error as Error).message}`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }
  throw new Error(
    `no suite of ${mirrors.map(({ uri }) => uri).join(', ')} will do (${[...refusals].join('; ')})`,
  );
}

async function unpackSuite(
  folder: string,
  mirror: AptSource,
  suite: string,
  env: Environment,
  progress: Progress,
): Promise<Binaries> {
  const aptEnv = { ...env, APT_CONFIG: writeAptConfig(folder, sourcesFile(mirror, suite)), LC_ALL: 'C' };
  const apt = async (command: string, ...args: string[]) =>
    (await runCommand(onPath(command, env)!, args, { env: aptEnv, timeoutMs: 10 * MINUTES, cwd: folder }))
      .stdout;

  progress(`Looking for Prometheus and Alertmanager in ${suite} of ${mirror.uri}`);
  await apt('apt-get', 'update');
  const offered = versionsOffered(await apt('apt-cache', 'madison', ...packages));
  const [prometheus, alertmanager] = [offered.get('prometheus'), offered.get('prometheus-alertmanager')];
  if (!prometheus || !alertmanager) throw new Error('it has no Prometheus or no Alertmanager');
  if (!suffices('prometheus', prometheus) || !suffices('alertmanager', alertmanager)) {
    throw new Error(`it has only Prometheus ${prometheus} and Alertmanager ${alertmanager}`);
  }

  progress(
    `Unpacking Prometheus ${prometheus} and Alertmanager ${alertmanager} into ${cacheFolder(env)} (nothing is installed)`,
  );
  await apt('apt-get', 'download', ...packages.filter((name) => offered.has(name)));
  const root = join(folder, 'unpacked');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    await apt('dpkg', '-x', file, root);
  }
  return addToCache(env, async (destination) => {
    for (const tool of toolNames) copyFileSync(join(root, programs[tool]), join(destination, tool));
    relocateAlertmanager(destination, root);
  });
}

/** Upstream versions by package, from `apt-cache madison`: `prometheus | 3.5.3+ds1-6 | http://mirror ...`. */
export function versionsOffered(madison: string): Map<string, string> {
  const offered = new Map<string, string>();
  for (const line of madison.split('\n')) {
    const [name, version] = line.split('|').map((field) => field.trim());
    const upstream = version && upstreamVersion(version);
    if (name && upstream && !offered.has(name)) offered.set(name, upstream);
  }
  return offered;
}

/** Writes a private apt configuration and its folders; answers the file for APT_CONFIG. */
function writeAptConfig(folder: string, sources: string): string {
  // apt drops root for downloads; its own user must be able to enter.
  chmodSync(folder, 0o755);
  for (const part of ['lists/partial', 'archives/partial'])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(join(folder, 'mirror.sources'), sources);
  const quoted = (...parts: string[]) => JSON.stringify(join(folder, ...parts));
  const main = join(folder, 'main.conf');
  // The machine's own settings (a proxy, a certificate) stay; hooks that touch the system's caches and lists go.
  const machine = '/etc/apt/apt.conf';
  const settings = [
    ...(existsSync(machine) ? [`#include "${machine}"`] : []),
    '#clear APT::Update::Pre-Invoke',
    '#clear APT::Update::Post-Invoke',
    '#clear APT::Update::Post-Invoke-Success',
    `Dir::State ${quoted()}`,
    `Dir::State::lists ${quoted('lists')}`,
    `Dir::State::status ${quoted('status')}`,
    `Dir::Cache ${quoted()}`,
    `Dir::Cache::archives ${quoted('archives')}`,
    `Dir::Etc::sourcelist ${quoted('mirror.sources')}`,
    'Dir::Etc::sourceparts "/dev/null"',
    // Pins of the machine speak of its own release.
    'Dir::Etc::preferences "/dev/null"',
    'Dir::Etc::preferencesparts "/dev/null"',
    'Acquire::Languages "none"',
    'Acquire::http::Timeout "30"',
    'Acquire::https::Timeout "30"',
  ];
  writeFileSync(main, settings.map((line) => `${line};\n`).join(''));
  const file = join(folder, 'apt.conf');
  // apt reads APT_CONFIG first and the machine's parts after it; only the main file comes after those.
  writeFileSync(file, `Dir::Etc::main ${JSON.stringify(main)};\n`);
  return file;
}
