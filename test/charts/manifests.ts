/** The synthesised manifests as objects, typed as far as the tests look into them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { writeManifests } from '../../charts/manifests.ts';
import { artefacts } from '../../stack/artefacts.ts';
import { defineStack, type StackOptions } from '../../stack/config.ts';

type Labels = Readonly<Record<string, string>>;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Labels;
    readonly annotations?: Labels;
  };
  readonly immutable?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly data?: Labels;
  readonly binaryData?: Labels;
}

interface SecurityContext {
  readonly [field: string]: unknown;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly capabilities?: { readonly add?: string[]; readonly drop?: string[] };
  readonly seccompProfile?: { readonly type: string };
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number; readonly host?: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

interface Item {
  readonly key: string;
  readonly path: string;
}

/** A ConfigMap or Secret whose keys become files. */
interface FileSource {
  readonly name?: string;
  readonly secretName?: string;
  readonly optional?: boolean;
  readonly items?: readonly Item[];
}

export interface Volume {
  readonly name: string;
  readonly configMap?: FileSource;
  readonly secret?: FileSource;
  readonly emptyDir?: { readonly sizeLimit?: string };
  readonly projected?: {
    readonly sources: readonly { readonly configMap?: FileSource; readonly secret?: FileSource }[];
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports: readonly {
    readonly name: string;
    readonly containerPort: number;
    readonly protocol: string;
    readonly hostPort?: number;
  }[];
  readonly resources: Readonly<Record<'requests' | 'limits', Labels>>;
  readonly securityContext: SecurityContext;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly startupProbe: Probe;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
    readonly subPath?: string;
  }[];
}

export interface Pod {
  readonly metadata: { readonly labels: Labels };
  readonly spec: {
    readonly [field: string]: unknown;
    readonly serviceAccountName: string;
    readonly securityContext: SecurityContext;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes: readonly Volume[];
  };
}

interface Selected {
  readonly selector: { readonly matchLabels: Labels };
}

export interface Workload extends Manifest {
  readonly spec: Selected & {
    readonly replicas: number;
    readonly serviceName?: string;
    readonly template: Pod;
    readonly podManagementPolicy?: string;
    readonly strategy?: { readonly type: string };
    readonly updateStrategy?: { readonly type: string };
    readonly volumeClaimTemplates?: readonly {
      readonly metadata: { readonly name: string };
      readonly spec: { readonly storageClassName?: string };
    }[];
  };
}

export interface Service extends Manifest {
  readonly spec: {
    readonly type: string;
    readonly clusterIP?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly selector: Labels;
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly targetPort: string | number;
      readonly protocol: string;
    }[];
  };
}

export interface Budget extends Manifest {
  readonly spec: Selected & {
    readonly maxUnavailable?: number;
    readonly minAvailable?: number;
    readonly unhealthyPodEvictionPolicy?: string;
  };
}

export interface Peer {
  readonly podSelector?: {
    readonly matchLabels?: Labels;
    readonly matchExpressions?: readonly {
      readonly key: string;
      readonly operator: string;
      readonly values: readonly string[];
    }[];
  };
  readonly namespaceSelector?: { readonly matchLabels: Labels };
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface NetworkPort {
  readonly port: number;
  readonly protocol: string;
}

export interface NetworkPolicy extends Manifest {
  readonly spec: {
    readonly podSelector: { readonly matchLabels?: Labels };
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly { readonly from: readonly Peer[]; readonly ports: readonly NetworkPort[] }[];
    readonly egress?: readonly { readonly to: readonly Peer[]; readonly ports: readonly NetworkPort[] }[];
  };
}

interface ByKind {
  ConfigMap: Manifest;
  Deployment: Workload;
  Namespace: Manifest;
  NetworkPolicy: NetworkPolicy;
  PodDisruptionBudget: Budget;
  Service: Service;
  ServiceAccount: Manifest;
  StatefulSet: Workload;
}

export class Manifests {
  /** Texts by file name. */
  readonly files: Readonly<Record<string, string>>;
  readonly all: readonly Manifest[];

  constructor(files: Readonly<Record<string, string>>) {
    this.files = files;
    this.all = Object.values(files).flatMap((text) =>
      parseAllDocuments(text).map((document) => document.toJS() as Manifest),
    );
  }

  of<K extends keyof ByKind>(kind: K): readonly ByKind[K][] {
    return this.all.filter((object): object is ByKind[K] => object.kind === kind);
  }

  get<K extends keyof ByKind>(kind: K, name: string): ByKind[K] {
    const found = this.of(kind).filter((object) => object.metadata.name === name);
    if (found.length !== 1) throw new Error(`there are ${found.length} of ${kind} ${name}`);
    return found[0]!;
  }

  get workloads(): readonly Workload[] {
    return [...this.of('Deployment'), ...this.of('StatefulSet')];
  }
}

/** Spares the bundling where the collector's code does not matter: the image of a user. */
export const withoutBundle = {
  collector: { image: `registry.example.com/collector:1@sha256:${'0'.repeat(64)}` },
};

/** Synthesises a stack of these options as `cdk8s synth` would. */
export async function synthesise(options: StackOptions = {}): Promise<Manifests> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-manifests-'));
  try {
    const config = defineStack(options);
    await writeManifests(config, artefacts(config), folder);
    const names = readdirSync(folder).sort();
    return new Manifests(
      Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const matches = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
