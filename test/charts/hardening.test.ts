import { beforeAll, describe, expect, test } from 'vitest';
import { images, reference } from '../../stack/images.ts';
import { bytes } from '../../stack/quantities.ts';
import {
  type Container,
  type Manifests,
  matches,
  synthesise,
  type Workload,
  withoutBundle,
} from './manifests.ts';

/** The rules of the linters that people run over manifests; docs/hardening.md names them and those that we do not follow. */

let manifests: Manifests;
beforeAll(async () => {
  manifests = await synthesise();
});

/** Names of the workloads of which the rule does not hold. */
const not = (rule: (workload: Workload, container: Container) => boolean) =>
  manifests.workloads
    .filter((workload) => !rule(workload, workload.spec.template.spec.containers[0]!))
    .map(({ metadata }) => metadata.name);

describe('every container', () => {
  test('is alone in its pod, named as its workload', () => {
    expect(manifests.workloads.map(({ metadata }) => metadata.name).sort()).toEqual([
      'alertmanager',
      'collector',
      'grafana',
      'prometheus',
    ]);
    expect(
      not(
        ({ metadata, spec }, { name }) =>
          name === metadata.name && spec.template.spec.containers.length === 1,
      ),
    ).toEqual([]);
  });

  test('runs an image pinned by tag and digest, asked for each time', () => {
    expect(
      not((_, { image }) => /^[\w.-]+\/[\w./-]+:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}$/.test(image)),
    ).toEqual([]);
    expect(not((_, { imagePullPolicy }) => imagePullPolicy === 'Always')).toEqual([]);
    const known = Object.values(images).map(reference);
    expect(not((_, { image }) => known.includes(image))).toEqual([]);
  });

  test('has requests and limits for CPU, memory and local disk, and as much memory as it asked for', () => {
    const wanted = ['cpu', 'ephemeral-storage', 'memory'];
    expect(
      not((_, { resources: { requests, limits } }) =>
        [requests, limits].every((amounts) => Object.keys(amounts).sort().join() === wanted.join()),
      ),
    ).toEqual([]);
    expect(not((_, { resources: { requests, limits } }) => requests.memory === limits.memory)).toEqual([]);
  });

  test('may fill its scratch folders without being evicted for the space it was granted', () => {
    expect(
      not(({ spec }, { resources }) => {
        const scratch = spec.template.spec.volumes.flatMap(({ emptyDir }) => emptyDir ?? []);
        const sizes = scratch.map(({ sizeLimit }) => bytes(sizeLimit as `${number}Mi`));
        const granted = bytes(resources.limits['ephemeral-storage'] as `${number}Mi`);
        return sizes.reduce((sum, size) => sum + size, 0) < granted;
      }),
    ).toEqual([]);
  });

  test('has its own probes for start, life and readiness, over a port that it opens', () => {
    expect(
      not(
        (_, { ports, livenessProbe, readinessProbe, startupProbe }) =>
          JSON.stringify(livenessProbe) !== JSON.stringify(readinessProbe) &&
          livenessProbe.httpGet!.path !== readinessProbe.httpGet!.path &&
          [livenessProbe, readinessProbe, startupProbe].every(({ httpGet }) =>
            ports.some(({ name }) => name === httpGet!.port),
          ),
      ),
    ).toEqual([]);
  });

  test('runs as a numeric user and group above those of the node, on a root file system that it cannot write', () => {
    expect(
      not(({ spec }, { securityContext }) => {
        const { runAsUser = 0, runAsGroup = 0 } = spec.template.spec.securityContext;
        return runAsUser > 10_000 && runAsGroup > 10_000 && securityContext.readOnlyRootFilesystem === true;
      }),
    ).toEqual([]);
  });

  test('can write to no folder that holds its configuration, its code or its secrets', () => {
    expect(
      not(({ spec }, { volumeMounts }) =>
        volumeMounts.every(({ name, readOnly }) => {
          const { configMap, secret, projected } =
            spec.template.spec.volumes.find((of) => of.name === name) ?? {};
          return readOnly === true || !(configMap || secret || projected);
        }),
      ),
    ).toEqual([]);
  });

  test('mounts no single file, since such a mount never sees a change', () => {
    expect(not((_, { volumeMounts }) => volumeMounts.every(({ subPath }) => subPath === undefined))).toEqual(
      [],
    );
  });

  test('has no secret in its environment', () => {
    expect(
      not((_, { env = [] }) =>
        env.every(
          ({ name, valueFrom }) =>
            !/pass|secret|token|key/i.test(name) && !(valueFrom && 'secretKeyRef' in valueFrom),
        ),
      ),
    ).toEqual([]);
  });
});

describe('every pod', () => {
  test('has an account of its own without a token, and no service links', () => {
    expect(
      not(({ metadata, spec }) => {
        const pod = spec.template.spec;
        const account = manifests.get('ServiceAccount', pod.serviceAccountName);
        return (
          pod.serviceAccountName === metadata.name &&
          pod.automountServiceAccountToken === false &&
          account.automountServiceAccountToken === false &&
          pod.enableServiceLinks === false
        );
      }),
    ).toEqual([]);
  });

  test('needs no rights in the API: no role is granted to any account', () => {
    expect(manifests.all.filter(({ apiVersion }) => apiVersion.startsWith('rbac'))).toEqual([]);
  });

  test('prefers another node and another zone than its peers, and has a disruption budget with them', () => {
    const pairs = manifests.workloads.filter(({ spec }) => spec.replicas > 1);
    expect(pairs.map(({ metadata }) => metadata.name).sort()).toEqual(['alertmanager', 'prometheus']);
    for (const { metadata, spec } of pairs) {
      const pod = JSON.stringify(spec.template.spec);
      expect(pod, metadata.name).toContain('preferredDuringSchedulingIgnoredDuringExecution');
      expect(pod, metadata.name).toContain('topology.kubernetes.io/zone');
      expect(pod, metadata.name).not.toContain('DoNotSchedule');
      const { maxUnavailable, unhealthyPodEvictionPolicy } = manifests.get(
        'PodDisruptionBudget',
        metadata.name,
      ).spec;
      expect({ maxUnavailable, unhealthyPodEvictionPolicy }).toEqual({
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      });
    }
  });

  test('takes the priority class that the configuration names', async () => {
    const { workloads } = await synthesise({ priorityClassName: 'monitoring', ...withoutBundle });
    expect(workloads.map(({ spec }) => spec.template.spec.priorityClassName)).toEqual(
      Array(4).fill('monitoring'),
    );
  });
});

describe('every object', () => {
  test('is of the namespace and carries the recommended labels, the instance being its workload', () => {
    for (const { kind, metadata } of manifests.all) {
      expect(metadata.labels['app.kubernetes.io/part-of'], metadata.name).toBe('mcp-lookout');
      if (kind !== 'Namespace') expect(metadata.namespace, metadata.name).toBe('mcp-lookout');
    }
    expect(
      not(({ metadata }) => matches({ 'app.kubernetes.io/instance': metadata.name }, metadata.labels)),
    ).toEqual([]);
  });

  test('exposes nothing beyond the cluster', () => {
    expect(manifests.of('Service').map(({ spec }) => spec.type)).toEqual(
      manifests.of('Service').map(() => 'ClusterIP'),
    );
    const kinds = new Set(manifests.all.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => /Ingress|Gateway|Route|Secret/.test(kind))).toEqual([]);
  });
});
