/** The namespace: only restricted pods are admitted, and none may talk unless a policy says so. */
import type { StackConfig } from '../stack/config.ts';
import { commonLabels } from './component.ts';
import { type App, Chart, k8s } from './k8s.ts';
import { denyByDefault } from './network.ts';

/** The standard's version is pinned: an upgrade of the cluster must not refuse pods that ran the day before. */
const POD_SECURITY_VERSION = 'v1.36';

export function namespace(app: App, config: StackConfig): void {
  const chart = new Chart(app, '00-namespace', { disableResourceNameHashes: true });
  const podSecurity = ['enforce', 'audit', 'warn'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, POD_SECURITY_VERSION],
  ]);
  new k8s.KubeNamespace(chart, 'namespace', {
    metadata: { name: config.namespace, labels: { ...commonLabels, ...Object.fromEntries(podSecurity) } },
  });
  denyByDefault(chart, config.namespace);
}
