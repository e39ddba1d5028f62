/** The files that a workload's container sees, by path, and where each comes from. */
import { posix } from 'node:path';
import type { Manifests, Volume, Workload } from './manifests.ts';

interface MountedFile {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key: string;
  /** Empty for a secret. */
  readonly text: string;
}

function filesOf(manifests: Manifests, volume: Volume): [string, MountedFile][] {
  const sources = volume.projected?.sources ?? [volume];
  return sources.flatMap(({ configMap, secret }): [string, MountedFile][] => {
    if (secret) {
      const name = (secret.secretName ?? secret.name)!;
      return secret.items!.map(({ key, path }) => [path, { kind: 'Secret', name, key, text: '' }]);
    }
    if (!configMap) return [];
    const name = configMap.name!;
    const { data = {}, binaryData = {} } = manifests.get('ConfigMap', name);
    const keys = Object.keys({ ...data, ...binaryData });
    const items = configMap.items ?? keys.map((key) => ({ key, path: key }));
    return items.map(({ key, path }) => {
      if (!keys.includes(key)) throw new Error(`ConfigMap ${name} has no ${key}`);
      return [path, { kind: 'ConfigMap', name, key, text: data[key] ?? '' }];
    });
  });
}

/** Throws when a ConfigMap or a key of one that is named does not exist. */
export function mountedFiles(manifests: Manifests, { spec }: Workload): Map<string, MountedFile> {
  const { containers, volumes } = spec.template.spec;
  return new Map(
    containers[0]!.volumeMounts.flatMap(({ name, mountPath }) => {
      const volume = volumes.find((of) => of.name === name);
      const files = volume ? filesOf(manifests, volume) : [];
      return files.map(([path, file]): [string, MountedFile] => [posix.join(mountPath, path), file]);
    }),
  );
}
