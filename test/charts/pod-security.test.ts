import { beforeAll, describe, expect, test } from 'vitest';
import { type Manifests, type Pod, synthesise } from './manifests.ts';
import { brokenRules, restrictedRules } from './pod-security.ts';

let manifests: Manifests;
beforeAll(async () => {
  manifests = await synthesise();
});

const podOf = (name: string) =>
  manifests.workloads.find(({ metadata }) => metadata.name === name)!.spec.template;

/** A copy with one field set, by its path. */
function loosened(pod: Pod, path: string, value: unknown): Pod {
  const copy = structuredClone(pod);
  const keys = path.split('.');
  const last = keys.pop()!;
  // biome-ignore lint/suspicious/noExplicitAny: a path into any depth
  let at: any = copy.spec;
  for (const key of keys) at = at[key];
  at[last] = value;
  return copy;
}

describe('Pod Security "restricted"', () => {
  test.each(['collector', 'prometheus', 'alertmanager', 'grafana'])('admits the pod of %s', (name) => {
    expect(brokenRules(podOf(name))).toEqual([]);
  });

  test('is enforced, audited and warned of by the namespace, in a pinned version', () => {
    const labels = manifests.get('Namespace', 'mcp-lookout').metadata.labels;
    for (const mode of ['enforce', 'audit', 'warn']) {
      expect(labels[`pod-security.kubernetes.io/${mode}`]).toBe('restricted');
      expect(labels[`pod-security.kubernetes.io/${mode}-version`]).toMatch(/^v1\.\d+$/);
    }
  });

  const container = 'containers.0';
  const context = `${container}.securityContext`;
  const loosenings: [string, unknown][] = [
    ['hostPID', true],
    [`${container}.ports`, [{ containerPort: 80, hostPort: 80 }]],
    [`${context}.privileged`, true],
    ['volumes', [{ name: 'node', hostPath: { path: '/' } }]],
    [`${context}.allowPrivilegeEscalation`, undefined],
    [`${context}.runAsNonRoot`, false],
    ['securityContext.runAsUser', 0],
    [`${context}.seccompProfile`, { type: 'Unconfined' }],
    [`${context}.capabilities`, { drop: ['ALL'], add: ['NET_ADMIN'] }],
    [`${context}.procMount`, 'Unmasked'],
    [`${container}.livenessProbe.httpGet.host`, '10.0.0.1'],
  ];

  test.each(loosenings)('does not admit a pod with %s = %j', (path, value) => {
    expect(brokenRules(loosened(podOf('prometheus'), path, value))).toHaveLength(1);
  });

  test('has a pod that breaks each rule', () => {
    const broken = loosenings.flatMap(([path, value]) =>
      brokenRules(loosened(podOf('grafana'), path, value)),
    );
    expect([...new Set(broken)].sort()).toEqual([...restrictedRules].sort());
  });
});
