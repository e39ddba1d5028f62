import { beforeAll, describe, expect, test } from 'vitest';
import { kubernetesCheck, kubernetesVersions } from './kubernetes-check.ts';
import { type Manifest, type Manifests, synthesise } from './manifests.ts';

let manifests: Manifests;
beforeAll(async () => {
  manifests = await synthesise({ priorityClassName: 'monitoring', storageClassName: 'fast' });
});

describe.each(kubernetesVersions)('Kubernetes %s', (version) => {
  const check = kubernetesCheck(version);

  test('knows every object and every field of it', () => {
    const errors = manifests.all.flatMap((object) => check(object as unknown as Record<string, unknown>));
    expect(errors).toEqual([]);
    expect(manifests.all.length).toBeGreaterThan(30);
  });

  test('refuses an unknown field at any depth, a wrong type and a missing required field', () => {
    const [workload] = manifests.of('StatefulSet');
    const changed = (change: (spec: Record<string, unknown>) => void): Manifest => {
      const copy = structuredClone(workload!) as unknown as { spec: Record<string, unknown> };
      change(copy.spec);
      return copy as unknown as Manifest;
    };
    const errorsOf = (object: Manifest) => check(object as unknown as Record<string, unknown>);
    const pod = (spec: Record<string, unknown>) =>
      (spec.template as { spec: { containers: Record<string, unknown>[] } }).spec;

    expect(
      errorsOf(changed((spec) => Object.assign(pod(spec).containers[0]!, { imagePullPolice: 'Always' }))),
    ).toEqual([
      'apps/v1 StatefulSet/spec/template/spec/containers/0 must NOT have additional properties {"additionalProperty":"imagePullPolice"}',
    ]);
    expect(errorsOf(changed((spec) => Object.assign(spec, { replicas: '2' })))[0]).toContain(
      'must be integer',
    );
    expect(errorsOf(changed((spec) => delete spec.selector))[0]).toContain(
      "must have required property 'selector'",
    );
    expect(errorsOf({ ...workload!, kind: 'Statefulset' })).toEqual([
      `apps/v1 Statefulset is not in the fixture of ${version}`,
    ]);
  });
});
