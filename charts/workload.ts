/** What all workloads share: the restricted security context, requests and limits, spread over nodes and zones. */
import type { Bytes, Resources } from '../stack/config.ts';
import { type Image, reference } from '../stack/images.ts';
import { type ComponentChart, commonLabels, selectorLabels } from './component.ts';
import { k8s } from './k8s.ts';
import { claims, type Mount } from './volumes.ts';

const quantity = (text: string) => k8s.Quantity.fromString(text);

interface Probe {
  readonly path: string;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

/** A component's pods, of which each has one container. */
interface Workload {
  readonly image: Image | string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly k8s.EnvVar[];
  /** User and group: numeric, since the kubelet cannot tell whether a named one is root, and high, so that no user of the node has it. */
  readonly user: number;
  readonly replicas: number;
  readonly resources: Resources;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol?: 'TCP' | 'UDP';
  }[];
  /** Port that the probes ask. */
  readonly probePort: string;
  /** Until this succeeds the others wait. */
  readonly startup: Probe;
  /** Restarts the container when it fails. */
  readonly liveness: Probe;
  /** Takes the pod out of its Service while it fails. */
  readonly readiness: Probe;
  readonly mounts: Readonly<Record<string, Mount>>;
  readonly graceSeconds: number;
}

const probe = ({ path, ...rest }: Probe, port: string): k8s.Probe => ({
  httpGet: { path, port: k8s.IntOrString.fromString(port) },
  timeoutSeconds: 3,
  ...rest,
});

function resources({ cpuRequest, cpuLimit, memory, ephemeralStorage }: Resources): k8s.ResourceRequirements {
  const rest = { memory: quantity(memory), 'ephemeral-storage': quantity(ephemeralStorage) };
  return { requests: { cpu: quantity(cpuRequest), ...rest }, limits: { cpu: quantity(cpuLimit), ...rest } };
}

/** Preferred, not required: with fewer nodes or zones than replicas all replicas still run. */
function spread(chart: ComponentChart): Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  const labelSelector = { matchLabels: selectorLabels(chart.component) };
  const hostname = 'kubernetes.io/hostname';
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { labelSelector, topologyKey: hostname } },
        ],
      },
    },
    topologySpreadConstraints: [hostname, 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector,
    })),
  };
}

function container(name: string, workload: Workload): k8s.Container {
  const { image, command, args, env, probePort } = workload;
  return {
    name,
    image: typeof image === 'string' ? image : reference(image),
    // With a digest this costs one request and always runs what was reviewed, also where nodes share images.
    imagePullPolicy: 'Always',
    ...(command ? { command: [...command] } : {}),
    ...(args ? { args: [...args] } : {}),
    ...(env ? { env: [...env] } : {}),
    ports: workload.ports.map(({ name, port, protocol = 'TCP' }) => ({
      name,
      containerPort: port,
      protocol,
    })),
    startupProbe: probe(workload.startup, probePort),
    livenessProbe: probe(workload.liveness, probePort),
    readinessProbe: probe(workload.readiness, probePort),
    resources: resources(workload.resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: Object.entries(workload.mounts).map(([name, { path, writable = false }]) => ({
      name,
      mountPath: path,
      readOnly: !writable,
    })),
  };
}

/** The container is named as the component, and the pod has nothing of the node or the API server. */
function podTemplate(chart: ComponentChart, workload: Workload): k8s.PodTemplateSpec {
  const { component, config } = chart;
  return {
    metadata: {
      labels: { ...selectorLabels(component), ...commonLabels },
      annotations: { 'kubectl.kubernetes.io/default-container': component },
    },
    spec: {
      restartPolicy: 'Always',
      serviceAccountName: component,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(config.priorityClassName ? { priorityClassName: config.priorityClassName } : {}),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: workload.user,
        runAsGroup: workload.user,
        fsGroup: workload.user,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(workload.replicas > 1 ? spread(chart) : {}),
      terminationGracePeriodSeconds: workload.graceSeconds,
      containers: [container(component, workload)],
      volumes: Object.entries(workload.mounts).flatMap(([name, { volume }]) =>
        volume ? [{ name, ...volume }] : [],
      ),
    },
  };
}

/** What a StatefulSet and a Deployment say in the same words. */
const replicated = (chart: ComponentChart, workload: Workload) => ({
  replicas: workload.replicas,
  revisionHistoryLimit: 10,
  selector: { matchLabels: selectorLabels(chart.component) },
  template: podTemplate(chart, workload),
});

/** The pod's own name or address, as a variable that arguments and files refer to. */
export const fromPod = (name: string, fieldPath: 'metadata.name' | 'status.podIP'): k8s.EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

interface StatefulWorkload extends Workload {
  /** The headless Service that names the pods. */
  readonly serviceName: string;
  /** Where each pod sees the volume of its own that outlives it. */
  readonly dataFolder: string;
  readonly storage: Bytes;
}

/**
 * Pods with names and volumes of their own. They start at once, since none waits for another: Alertmanager's first
 * peer would wait for a second that is not started until the first is ready.
 */
export function statefulSet(chart: ComponentChart, workload: StatefulWorkload): void {
  const { serviceName, dataFolder, storage } = workload;
  const mounts = { ...workload.mounts, data: { path: dataFolder, writable: true } };
  new k8s.KubeStatefulSet(chart, 'workload', {
    metadata: { name: chart.component },
    spec: {
      serviceName,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      ...replicated(chart, { ...workload, mounts }),
      ...claims(chart, 'data', storage),
    },
  });
}

/** Pods that are all alike and keep nothing. */
export function deployment(chart: ComponentChart, workload: Workload): void {
  new k8s.KubeDeployment(chart, 'workload', {
    metadata: { name: chart.component },
    spec: { strategy: { type: 'RollingUpdate' }, ...replicated(chart, workload) },
  });
}
