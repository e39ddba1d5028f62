/**
 * The collector: one process, since its burst windows, sessions and baselines are exact only where all events meet.
 * While it is away senders keep their events and try again; a second replica behind the Service would not fill that
 * gap but split what is counted.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { STOP_ALL_SECONDS } from '../collector/config.ts';
import { type Artefacts, collectorPaths } from '../stack/artefacts.ts';
import { components, ingestPort } from '../stack/components.ts';
import type { StackConfig } from '../stack/config.ts';
import { images } from '../stack/images.ts';
import { collectorEnvironment, collectorNodeFlags } from '../stack/node-flags.ts';
import { ComponentChart, disruptionBudget, headlessService, service, serviceAccount } from './component.ts';
import { fixedFiles } from './config-maps.ts';
import type { App } from './k8s.ts';
import { networkPolicy } from './network.ts';
import { configMapVolume, type Mount, secretVolume } from './volumes.ts';
import { statefulSet } from './workload.ts';

const USER = 10_001;
const REPLICAS = 1;
const CODE_FOLDER = '/opt/collector';

const OPERATIONS = components.collector.metricsPort;

/** The Secret that the user creates: bearer tokens, one a line. */
export const tokensSecret = { name: 'collector-tokens', keys: [basename(collectorPaths.tokensFile)] };

/** The bundle in parts; none where an image of the user's own holds it. */
type Bundle = readonly Readonly<Record<string, string>>[];

/** The bundle's parts and the script that starts them, as one folder. */
function code(chart: ComponentChart, bundle: Bundle): Mount {
  const boot = readFileSync(resolve(import.meta.dirname, 'boot.ts'), 'utf8');
  const maps = [
    fixedFiles(chart, 'collector-boot', { data: { 'boot.ts': boot } }),
    ...bundle.map((part, index) => fixedFiles(chart, `collector-bundle-${index}`, { binaryData: part })),
  ];
  return {
    volume: { projected: { sources: maps.map((name) => ({ configMap: { name } })) } },
    path: CODE_FOLDER,
  };
}

export function collector(app: App, config: StackConfig, { collectorJson }: Artefacts, bundle: Bundle): void {
  const chart = new ComponentChart(app, 10, 'collector', config);
  const { image, processes, resources, storage } = config.collector;

  serviceAccount(chart);

  const settings = fixedFiles(chart, 'collector', { data: { 'collector.json': collectorJson } });
  const codeMount: Record<string, Mount> = image ? {} : { code: code(chart, bundle) };

  networkPolicy(chart);

  service(chart, [ingestPort]);
  const serviceName = headlessService(chart, [OPERATIONS]);

  disruptionBudget(chart, REPLICAS);

  statefulSet(chart, {
    serviceName,
    dataFolder: collectorPaths.dataDirectory,
    storage,
    image: image ?? images.node,
    ...(image ? {} : { command: ['node', `${CODE_FOLDER}/boot.ts`] }),
    args: ['--config', '/etc/collector/config/collector.json'],
    // As a variable it is heard by an image of the user's own too, and by every process.
    env: [
      { name: 'NODE_OPTIONS', value: collectorNodeFlags(resources.memory, processes).join(' ') },
      ...Object.entries(collectorEnvironment).map(([name, value]) => ({ name, value })),
    ],
    user: USER,
    replicas: REPLICAS,
    resources,
    ports: [ingestPort, OPERATIONS],
    probePort: OPERATIONS.name,
    // It answers at once, and is ready when the journal is replayed: that takes as long as it takes.
    startup: { path: '/livez', periodSeconds: 2, failureThreshold: 30 },
    liveness: { path: '/livez', periodSeconds: 10, failureThreshold: 6 },
    readiness: { path: '/readyz', periodSeconds: 5, failureThreshold: 2 },
    mounts: {
      ...codeMount,
      config: { volume: configMapVolume(settings), path: '/etc/collector/config' },
      tokens: {
        volume: secretVolume(tokensSecret.name, tokensSecret.keys),
        path: dirname(collectorPaths.tokensFile),
      },
    },
    // Whoever stops in order, or gives up, says so in the log before it is killed.
    graceSeconds: STOP_ALL_SECONDS + 5,
  });
}
