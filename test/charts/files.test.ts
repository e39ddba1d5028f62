import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleCollector } from '../../charts/bundle.ts';
import { ComponentChart } from '../../charts/component.ts';
import { fixedFiles, LARGEST_OBJECT_BYTES, watchedFiles } from '../../charts/config-maps.ts';
import { App } from '../../charts/k8s.ts';
import { defineStack } from '../../stack/config.ts';
import { images, reference } from '../../stack/images.ts';
import { type Manifests, synthesise, withoutBundle } from './manifests.ts';

/** What the API server allows for all annotations of an object; client-side apply puts the whole object into one. */
const LARGEST_ANNOTATIONS_BYTES = 262_144;

let manifests: Manifests;
beforeAll(async () => {
  manifests = await synthesise();
});

const bytesOf = (object: unknown) => Buffer.byteLength(JSON.stringify(object));
const chart = () => new ComponentChart(new App(), 20, 'prometheus', defineStack());
describe('the manifests', () => {
  test('are files in whose order the namespace comes first', () => {
    expect(Object.keys(manifests.files)).toEqual([
      '00-namespace.k8s.yaml',
      '10-collector.k8s.yaml',
      '20-prometheus.k8s.yaml',
      '30-alertmanager.k8s.yaml',
      '40-grafana.k8s.yaml',
    ]);
    expect(manifests.all[0]!.kind).toBe('Namespace');
  });

  test('are the same bytes each time', async () => {
    expect((await synthesise()).files).toEqual(manifests.files);
  });

  test('have each component in the same order: account, files, network, services, budget, workload', () => {
    const order =
      /^ServiceAccount (ConfigMap )+NetworkPolicy (Service )+(PodDisruptionBudget )?(StatefulSet|Deployment)$/;
    for (const name of ['collector', 'prometheus', 'alertmanager', 'grafana']) {
      const own = manifests.all.filter(({ metadata }) => metadata.labels['app.kubernetes.io/name'] === name);
      expect(own.map(({ kind }) => kind).join(' ')).toMatch(order);
    }
  });

  test('say of the namespace and of Prometheus what stands in the golden files', async () => {
    const golden = (name: string) => resolve(import.meta.dirname, '../golden', name);
    await expect(manifests.files['00-namespace.k8s.yaml']).toMatchFileSnapshot(
      golden('00-namespace.k8s.yaml'),
    );
    const workload = manifests.files['20-prometheus.k8s.yaml']!.split('---\n').at(-1);
    await expect(workload).toMatchFileSnapshot(golden('prometheus-workload.k8s.yaml'));
  });
});

describe('ConfigMaps', () => {
  test('are small enough for client-side apply, which keeps each object in an annotation', () => {
    const sizes = manifests.all.map((object) => bytesOf(object));
    expect(Math.max(...sizes)).toBeLessThan(LARGEST_ANNOTATIONS_BYTES);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LARGEST_OBJECT_BYTES);
  });

  test('that would be too large end the synthesis with what to do', () => {
    const data = { 'a.json': 'x'.repeat(LARGEST_OBJECT_BYTES) };
    expect(() => watchedFiles(chart(), 'large', { data })).toThrow(
      /^ConfigMap large would have \d+ bytes, and kubectl apply takes 250000: split its files over several$/,
    );
  });

  test('keep their name where the process watches its files, so that other rules and panels need no new pod', async () => {
    const changed = await synthesise({ alerts: { ToolErrorSustained: { above: 0.3 } }, ...withoutBundle });
    for (const name of ['prometheus-rules', 'grafana-dashboard-operations']) {
      const [before, after] = [manifests, changed].map((of) => of.get('ConfigMap', name));
      expect(after!.data, name).not.toEqual(before!.data);
      expect([before!.immutable, after!.immutable]).toEqual([undefined, undefined]);
    }
    expect(changed.get('StatefulSet', 'prometheus')).toEqual(manifests.get('StatefulSet', 'prometheus'));
    expect(changed.get('Deployment', 'grafana')).toEqual(manifests.get('Deployment', 'grafana'));
  });

  test('are immutable and named by their content where the process reads its files once', () => {
    const readOnce = manifests
      .of('ConfigMap')
      .filter(({ metadata }) => /^(collector|alertmanager|grafana-(?!dashboard))/.test(metadata.name));
    // The collector's settings, boot script and two parts of the bundle; Alertmanager's and Grafana's settings.
    expect(readOnce).toHaveLength(6);
    for (const { metadata, immutable } of readOnce) {
      expect([metadata.name, immutable]).toEqual([expect.stringMatching(/-[0-9a-f]{10}$/), true]);
    }
    const named = (text: string) => fixedFiles(chart(), 'a', { data: { 'b.txt': text } });
    expect(named('one')).toBe(named('one'));
    expect(named('one')).not.toBe(named('two'));
  });
});

describe("the collector's bundle", () => {
  test('imports nothing but Node itself, so that one file is all the pod needs', async () => {
    const code = await bundleCollector();
    const imports = [...code.matchAll(/(?:from|import)\s*["']([^"']+)["']/g)].map(([, name]) => name!);
    expect(imports.length).toBeGreaterThan(3);
    expect(imports.filter((name) => !name.startsWith('node:'))).toEqual([]);
  });

  test('is put by the Dockerfile into the image that runs it by default', () => {
    const dockerfile = readFileSync(resolve(import.meta.dirname, '../../collector/Dockerfile'), 'utf8');
    expect(/^ARG NODE=(.+)$/m.exec(dockerfile)![1]).toBe(reference(images.node));
  });

  test('gives way to an image of the user, which gets the same configuration', async () => {
    const own = await synthesise(withoutBundle);
    const [container] = own.get('StatefulSet', 'collector').spec.template.spec.containers;
    expect(container!.image).toBe(withoutBundle.collector.image);
    expect(container!.command).toBeUndefined();
    expect(container!.args).toEqual(['--config', '/etc/collector/config/collector.json']);
    const names = own.of('ConfigMap').map(({ metadata }) => metadata.name);
    expect(names.filter((name) => /^collector-(boot|bundle)/.test(name))).toEqual([]);
  });
});

describe('volumes', () => {
  test('are of the storage class that the configuration names, and of the default class without', async () => {
    const classes = (of: Manifests) =>
      of.of('StatefulSet').map(({ spec }) => spec.volumeClaimTemplates![0]!.spec.storageClassName);
    expect(classes(manifests)).toEqual([undefined, undefined, undefined]);
    expect(classes(await synthesise({ storageClassName: 'fast', ...withoutBundle }))).toEqual([
      'fast',
      'fast',
      'fast',
    ]);
  });

  test('of Prometheus are larger than what it may keep', async () => {
    const { prometheus } = Object.fromEntries(
      (await synthesise({ prometheus: { storage: '10Gi', retention: '7d' }, ...withoutBundle }))
        .of('StatefulSet')
        .map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]!.args!]),
    );
    expect(prometheus).toContain('--storage.tsdb.retention.time=7d');
    // 80 % of 10 GiB in Prometheus' MB, which is 2^20 bytes.
    expect(prometheus).toContain('--storage.tsdb.retention.size=8192MB');
  });
});
