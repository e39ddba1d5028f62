/** What pods see as folders: claims that stay, files of ConfigMaps and Secrets, scratch space. */
import type { Bytes } from '../stack/config.ts';
import type { ComponentChart } from './component.ts';
import { k8s } from './k8s.ts';

/** A volume and where the container sees it; read-only unless it says otherwise. */
export interface Mount {
  /** Without a source, the volume is one of the StatefulSet's claims. */
  readonly volume?: Omit<k8s.Volume, 'name'>;
  readonly path: string;
  readonly writable?: boolean;
}

/** Space on disk that outlives the pod. Claims are kept when replicas or the whole StatefulSet go: data is deleted by hand only. */
export function claims(
  { config }: ComponentChart,
  name: string,
  storage: Bytes,
): Pick<k8s.StatefulSetSpec, 'volumeClaimTemplates' | 'persistentVolumeClaimRetentionPolicy'> {
  return {
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    volumeClaimTemplates: [
      {
        metadata: { name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: k8s.Quantity.fromString(storage) } },
          ...(config.storageClassName ? { storageClassName: config.storageClassName } : {}),
        },
      },
    ],
  };
}

export const configMapVolume = (name: string) => ({ configMap: { name } });

/**
 * Files of a Secret that the user creates. Each key is named, so that a pod whose Secret lacks one waits and says so,
 * instead of starting and failing later.
 */
export const secretVolume = (name: string, keys: readonly string[]): Omit<k8s.Volume, 'name'> => ({
  secret: { secretName: name, defaultMode: 0o440, items: keys.map((key) => ({ key, path: key })) },
});

/** A folder that starts empty with each pod. */
export const scratch = (sizeLimit: Bytes): Omit<k8s.Volume, 'name'> => ({
  emptyDir: { sizeLimit: k8s.Quantity.fromString(sizeLimit) },
});
