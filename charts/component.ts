/** What each component has besides its workload: a chart of its own, an account, services, a disruption budget. */
import type { Job } from '../collector/catalogue/jobs.ts';
import { podsService } from '../stack/components.ts';
import type { StackConfig } from '../stack/config.ts';
import { type App, Chart, k8s } from './k8s.ts';

/** The labels that selectors use. They must never change: selectors of workloads are immutable. */
export const selectorLabels = (name: Job) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': name,
});

export const commonLabels = {
  'app.kubernetes.io/part-of': 'mcp-lookout',
  'app.kubernetes.io/managed-by': 'cdk8s',
};

/** One component's objects: one file, whose number puts the namespace first when a folder is applied. */
export class ComponentChart extends Chart {
  readonly component: Job;
  readonly config: StackConfig;

  constructor(app: App, order: number, component: Job, config: StackConfig) {
    super(app, `${order}-${component}`, {
      namespace: config.namespace,
      labels: { ...selectorLabels(component), ...commonLabels },
      disableResourceNameHashes: true,
    });
    this.component = component;
    this.config = config;
  }
}

/** An account of its own, so that no pod shares rights with another. It has none, and no pod gets its token. */
export function serviceAccount(chart: ComponentChart): void {
  new k8s.KubeServiceAccount(chart, 'account', {
    metadata: { name: chart.component },
    automountServiceAccountToken: false,
  });
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
}

const servicePorts = (ports: readonly ServicePort[]) =>
  ports.map(({ name, port, protocol = 'TCP' }) => ({
    name,
    port,
    protocol,
    targetPort: k8s.IntOrString.fromString(name),
  }));

/** The name under which others use the component. */
export function service(chart: ComponentChart, ports: readonly ServicePort[], sticky = false): void {
  new k8s.KubeService(chart, 'service', {
    metadata: { name: chart.component },
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels(chart.component),
      ports: servicePorts(ports),
      ...(sticky ? { sessionAffinity: 'ClientIP' } : {}),
    },
  });
}

/**
 * The DNS records of the pods themselves, for Prometheus and for gossip. Pods that are not ready are in it too: one
 * that does not come up must be seen as down, not vanish from the targets.
 */
export function headlessService(chart: ComponentChart, ports: readonly ServicePort[]): string {
  const name = podsService(chart.component);
  new k8s.KubeService(chart, 'pods', {
    metadata: { name },
    spec: {
      type: 'ClusterIP',
      clusterIp: 'None',
      publishNotReadyAddresses: true,
      selector: selectorLabels(chart.component),
      ports: servicePorts(ports),
    },
  });
  return name;
}

/**
 * At most one replica away at a time by will of an administrator. A single replica has none: a budget could only
 * forbid its node to be drained, or promise nothing.
 */
export function disruptionBudget(chart: ComponentChart, replicas: number): void {
  if (replicas < 2) return;
  new k8s.KubePodDisruptionBudget(chart, 'budget', {
    metadata: { name: chart.component },
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      selector: { matchLabels: selectorLabels(chart.component) },
      // Without it, a pod that is already broken blocks the drain that could heal it.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  });
}
