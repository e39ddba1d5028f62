/** Files for pods. Whether a process reads them once or watches them decides how their change reaches it. */
import { createHash } from 'node:crypto';
import type { ComponentChart } from './component.ts';
import { k8s } from './k8s.ts';

interface Files {
  /** Contents by file name. */
  readonly data?: Readonly<Record<string, string>>;
  /** Contents in base64 by file name. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

/**
 * Client-side `kubectl apply` keeps a copy of the object in an annotation, and annotations end at 262,144 bytes; what
 * it adds to the object itself is under a thousand.
 */
export const LARGEST_OBJECT_BYTES = 250_000;

function configMap(chart: ComponentChart, name: string, props: Files & { immutable?: boolean }): string {
  const map = new k8s.KubeConfigMap(chart, name, { metadata: { name }, ...props });
  const size = Buffer.byteLength(JSON.stringify(map.toJson()));
  if (size > LARGEST_OBJECT_BYTES) {
    throw new Error(
      `ConfigMap ${name} would have ${size} bytes, and kubectl apply takes ${LARGEST_OBJECT_BYTES}: split its files over several`,
    );
  }
  return name;
}

/** For a process that watches its files: the name stays, so that a change reaches the running pod. */
export function watchedFiles(chart: ComponentChart, name: string, files: Files): string {
  return configMap(chart, name, files);
}

/**
 * For a process that reads its files once: immutable and named by content, so that a change starts new pods, and a
 * rollback finds the files its pods were made for.
 */
export function fixedFiles(chart: ComponentChart, name: string, files: Files): string {
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 10);
  return configMap(chart, `${name}-${hash}`, { ...files, immutable: true });
}
