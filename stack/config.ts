/**
 * What `stack.config.ts` can say. Everything has a default, so an empty configuration is a working stack; every key
 * is typed, so a wrong one does not compile, and checked again when it is read, since Node strips types unread.
 */
import { type AlertOverrides, checkOverrides } from '../alerts/overrides.ts';
import { noReceivers, type Receivers } from '../alerts/routing/receivers.ts';
import type { Duration } from '../collector/catalogue/promql.ts';
import {
  type CollectorLimits,
  collectorDefaults,
  type DetectionConfig,
  type RegisteredServer,
  type SessionTypeRule,
} from '../collector/config.ts';
import { checkStack } from './checks.ts';
import { type DeepPartial, merge } from './merge.ts';

/** A Kubernetes quantity of bytes. */
export type Bytes = `${number}${'Ki' | 'Mi' | 'Gi' | 'Ti'}`;
/** A Kubernetes quantity of CPU: cores, or thousandths of one with `m`. */
export type Cpu = `${number}m` | `${number}`;

/** Requests and limits of one container. Memory is requested as it is limited: a pod that fits keeps fitting. */
export interface Resources {
  readonly cpuRequest: Cpu;
  readonly cpuLimit: Cpu;
  readonly memory: Bytes;
  readonly ephemeralStorage: Bytes;
}

export interface CollectorSettings {
  /** Own image that holds the collector; without it, a bundle runs in the pinned stock Node image. */
  readonly image?: string;
  /** Processes that share its work: one for each core it may use, once a core is not enough. Do not change it later. */
  readonly processes: number;
  /** Size of the volume for the journal and the snapshots. */
  readonly storage: Bytes;
  /** Events are kept this long, if the volume holds so many: else the oldest go earlier. */
  readonly retention: Duration;
  readonly resources: Resources;
  readonly limits: CollectorLimits;
  /** Events older than this are refused. */
  readonly maxEventAgeSeconds: number;
  /** Events later than this are counted but take no part in burst windows. */
  readonly latenessSeconds: number;
  /** A session without an event for this long has ended. */
  readonly sessionIdleSeconds: number;
  /** Completed sessions of a type before its baseline of distinct tools speaks. */
  readonly baselineMinimumSessions: number;
}

export interface PrometheusSettings {
  readonly replicas: number;
  /** How often targets are scraped; with the rules' interval it bounds the time from event to page. */
  readonly scrapeInterval: Duration;
  readonly retention: Duration;
  /** Size of one replica's volume; retention by size is set below it. */
  readonly storage: Bytes;
  readonly resources: Resources;
}

export interface AlertmanagerSettings {
  readonly replicas: number;
  readonly storage: Bytes;
  readonly resources: Resources;
}

export interface GrafanaSettings {
  /** False leaves Grafana out: the dashboards are in `dist/dashboards` for your own. */
  readonly enabled: boolean;
  readonly resources: Resources;
}

export interface NetworkSettings {
  /** Labels of the namespaces whose pods may send events to the collector. */
  readonly senderNamespaceLabels: Readonly<Record<string, string>>;
  /** Ports outside the cluster that Alertmanager may reach to notify; those of mail servers are added to them. */
  readonly notificationPorts: readonly number[];
}

export interface StackConfig {
  readonly namespace: string;
  /** Labels that tell this stack's series and alerts from those of others, such as `{ cluster: 'eu-1' }`. */
  readonly externalLabels: Readonly<Record<string, string>>;
  /** Where `alerts/runbooks` is published; each alert links `<base>/<runbook>.md`. */
  readonly runbookBaseUrl?: string;
  /** Limits, windows, severity and on/off of single alerts, by name. */
  readonly alerts: AlertOverrides;
  /** Who is told, by severity. */
  readonly receivers: Receivers;
  /** The registry: servers, who owns them, who may use them. Empty means: no claims, no violations. */
  readonly servers: Readonly<Record<string, RegisteredServer>>;
  /** Session types for sessions whose events do not say, the first rule that matches. */
  readonly sessionTypes: readonly SessionTypeRule[];
  /** How behaviour is judged, and how often a human may be told of it. */
  readonly detection: DetectionConfig;
  readonly priorityClassName?: string;
  /** Class of all volumes; without it, the cluster's default. */
  readonly storageClassName?: string;
  readonly collector: CollectorSettings;
  readonly prometheus: PrometheusSettings;
  readonly alertmanager: AlertmanagerSettings;
  readonly grafana: GrafanaSettings;
  readonly network: NetworkSettings;
}

export type StackOptions = DeepPartial<StackConfig>;

export const stackDefaults: StackConfig = {
  namespace: 'mcp-lookout',
  externalLabels: {},
  alerts: {},
  receivers: noReceivers,
  servers: {},
  sessionTypes: [],
  detection: collectorDefaults.detection,
  collector: {
    processes: 1,
    storage: '10Gi',
    retention: '30d',
    resources: { cpuRequest: '250m', cpuLimit: '2', memory: '1Gi', ephemeralStorage: '256Mi' },
    limits: collectorDefaults.limits,
    maxEventAgeSeconds: collectorDefaults.maxEventAgeSeconds,
    latenessSeconds: collectorDefaults.latenessSeconds,
    sessionIdleSeconds: collectorDefaults.sessionIdleSeconds,
    baselineMinimumSessions: collectorDefaults.baselineMinimumSessions,
  },
  prometheus: {
    replicas: 2,
    scrapeInterval: '5s',
    retention: '30d',
    storage: '50Gi',
    resources: { cpuRequest: '250m', cpuLimit: '2', memory: '2Gi', ephemeralStorage: '256Mi' },
  },
  alertmanager: {
    replicas: 2,
    storage: '1Gi',
    resources: { cpuRequest: '50m', cpuLimit: '500m', memory: '256Mi', ephemeralStorage: '128Mi' },
  },
  grafana: {
    enabled: true,
    // Data sources are processes of their own since Grafana 13; up to 600 Mi in use are reported.
    resources: { cpuRequest: '100m', cpuLimit: '1', memory: '1Gi', ephemeralStorage: '512Mi' },
  },
  network: {
    senderNamespaceLabels: { 'mcp-lookout.dev/sends-events': 'true' },
    notificationPorts: [443],
  },
};

/** Keys whose values are records or lists of the user's own: taken whole, each checked by its own room. */
const takenWhole = new Set([
  'externalLabels',
  'alerts',
  'receivers',
  'servers',
  'sessionTypes',
  'off',
  'senderNamespaceLabels',
  'notificationPorts',
]);
const optionalKeys = new Set([
  'runbookBaseUrl',
  'priorityClassName',
  'storageClassName',
  'collector.image',
  'detection.sessionsPerDay',
]);

/** Name of the variable that picks one of the environments of `stack.config.ts`. */
export const ENVIRONMENT_VARIABLE = 'MCP_LOOKOUT_STACK';

/**
 * The configuration of one stack: the defaults, overridden by `options`, overridden by the environment that
 * `MCP_LOOKOUT_STACK` names. Throws one sentence that names the key, or the environments there are.
 */
export function defineStack(
  options: StackOptions = {},
  environments: Readonly<Record<string, StackOptions>> = {},
): StackConfig {
  const chosen = process.env[ENVIRONMENT_VARIABLE];
  if (chosen && !Object.hasOwn(environments, chosen)) {
    const known = Object.keys(environments).join(', ') || 'none';
    throw new Error(
      `${ENVIRONMENT_VARIABLE}=${chosen} is not an environment of stack.config.ts (known: ${known})`,
    );
  }
  let config = merge<StackConfig>(stackDefaults, options, { takenWhole, optionalKeys });
  if (chosen) config = merge<StackConfig>(config, environments[chosen] ?? {}, { takenWhole, optionalKeys });
  checkStack(config);
  checkOverrides(config.alerts);
  return config;
}
