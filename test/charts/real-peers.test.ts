import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findBinaries } from '../../run/binaries/find.ts';
import { freePorts } from '../../run/free-port.ts';
import { type RunningProcess, startProcess } from '../../run/process.ts';
import { mapsOf, mount } from './kubelet.ts';
import { type Manifests, synthesise, type Workload, withoutBundle } from './manifests.ts';

/** The arguments of the pods, given to real processes, with paths and addresses of this machine. */

const folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-peers-'));
const running: RunningProcess[] = [];
let manifests: Manifests;
let binaries: Awaited<ReturnType<typeof findBinaries>>;

beforeAll(async () => {
  [manifests, binaries] = await Promise.all([synthesise(withoutBundle), findBinaries()]);
});

afterAll(async () => {
  await Promise.all(running.map((process) => process.stop()));
  rmSync(folder, { recursive: true });
});

const replaced = (args: readonly string[], by: Readonly<Record<string, string>>) =>
  args.map((arg) => Object.entries(by).reduce((text, [from, to]) => text.replace(from, to), arg));

const argsOf = ({ spec }: Workload) => spec.template.spec.containers[0]!.args!;
const json = async (url: string) => (await fetch(url)).json();

describe('real Alertmanagers', () => {
  test('become one cluster by the arguments of their pods', async () => {
    const workload = manifests.get('StatefulSet', 'alertmanager');
    const config = join(folder, 'alertmanager');
    mount(config, mapsOf(manifests, workload, 'config'));
    const [gossip0, gossip1, ...web] = await freePorts(4);
    const peers = {
      'alertmanager-0.alertmanager-pods:9094': `127.0.0.1:${gossip0}`,
      'alertmanager-1.alertmanager-pods:9094': `127.0.0.1:${gossip1}`,
    };
    for (const [index, gossip] of [gossip0, gossip1].entries()) {
      const args = replaced(argsOf(workload), {
        ...peers,
        '$(POD_NAME)': `alertmanager-${index}`,
        '[$(POD_IP)]:9094': `[127.0.0.1]:${gossip}`,
        '/etc/alertmanager/config': config,
        '=/alertmanager': `=${join(folder, `silences-${index}`)}`,
      });
      const started = await startProcess({
        name: 'Alertmanager',
        command: binaries.alertmanager.path,
        args: [...args, `--web.listen-address=127.0.0.1:${web[index]}`],
        readyUrl: `http://127.0.0.1:${web[index]}/-/ready`,
      });
      running.push(started);
    }
    await vi.waitUntil(
      async () => (await json(`http://127.0.0.1:${web[0]}/api/v2/status`)).cluster.peers.length === 2,
      { timeout: 20_000, interval: 100 },
    );
    const { cluster } = await json(`http://127.0.0.1:${web[1]}/api/v2/status`);
    expect(cluster.name).toBe('alertmanager-1');
    expect(cluster.peers.map(({ name }: { name: string }) => name).sort()).toEqual([
      'alertmanager-0',
      'alertmanager-1',
    ]);
  });
});

describe('a real Prometheus', () => {
  /** Before 3.12 the flag of the pinned version was a feature to be enabled. */
  function autoReload(version: string): string {
    const [major, minor] = version.split('.').map(Number);
    const isStable = major! > 3 || (major === 3 && minor! >= 12);
    return isStable ? '--config.auto-reload' : '--enable-feature=auto-reload-config';
  }

  test('runs by the arguments of its pod, and takes new rules without a restart when the kubelet swaps them', async () => {
    const workload = manifests.get('StatefulSet', 'prometheus');
    mount(join(folder, 'prometheus/config'), mapsOf(manifests, workload, 'config'));
    const rules = mapsOf(manifests, workload, 'rules');
    mount(join(folder, 'prometheus/rules'), rules);
    const [port] = await freePorts(1);
    const origin = `http://127.0.0.1:${port}`;
    const args = replaced(argsOf(workload), {
      '/etc/prometheus': join(folder, 'prometheus'),
      '=/prometheus': `=${join(folder, 'data')}`,
      '--config.auto-reload': autoReload(binaries.prometheus.version),
    });
    const started = await startProcess({
      name: 'Prometheus',
      command: binaries.prometheus.path,
      args: [...args, `--web.listen-address=127.0.0.1:${port}`, '--config.auto-reload-interval=200ms'],
      readyUrl: `${origin}/-/ready`,
      env: { POD_NAME: 'prometheus-1' },
    });
    running.push(started);

    const { data } = await json(`${origin}/api/v1/status/config`);
    expect(data.yaml).toContain('replica: prometheus-1');
    const groups = async () => (await json(`${origin}/api/v1/rules`)).data.groups.length;
    const before = await groups();
    expect(before).toBeGreaterThan(1);

    mount(join(folder, 'prometheus/rules'), [
      ...rules,
      { data: { 'new.yaml': 'groups: [{ name: new, rules: [{ alert: New, expr: vector(1) }] }]' } },
    ]);
    await vi.waitUntil(async () => (await groups()) === before + 1, { timeout: 20_000, interval: 100 });
  });
});
