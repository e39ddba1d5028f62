/** Alertmanager: peers that gossip what was notified, so that each page goes out once while any of them is alive. */
import { SECRETS_DIRECTORY } from '../alerts/compile/alertmanager.ts';
import { secretNames } from '../alerts/routing/receivers.ts';
import type { Artefacts } from '../stack/artefacts.ts';
import { components, gossipPort } from '../stack/components.ts';
import type { StackConfig } from '../stack/config.ts';
import { images } from '../stack/images.ts';
import { ComponentChart, disruptionBudget, headlessService, service, serviceAccount } from './component.ts';
import { fixedFiles } from './config-maps.ts';
import type { App } from './k8s.ts';
import { networkPolicy } from './network.ts';
import { configMapVolume, secretVolume } from './volumes.ts';
import { fromPod, statefulSet } from './workload.ts';

/** `nobody` of the image, which names it instead. */
const USER = 65_534;

const HTTP = components.alertmanager.metricsPort;
const GOSSIP_PORTS = [
  gossipPort,
  { name: `${gossipPort.name}-udp`, port: gossipPort.port, protocol: 'UDP' },
] as const;

/** The Secret that the user creates, if any receiver has secrets. */
export const receiversSecret = 'alertmanager-receivers';

export function alertmanager(app: App, config: StackConfig, files: Artefacts): void {
  const chart = new ComponentChart(app, 30, 'alertmanager', config);
  const { replicas, resources, storage } = config.alertmanager;
  const secrets = secretNames(config.receivers);

  serviceAccount(chart);

  const settings = fixedFiles(chart, 'alertmanager', { data: { 'alertmanager.yml': files.alertmanagerYml } });

  networkPolicy(chart);

  service(chart, [HTTP]);
  const serviceName = headlessService(chart, [HTTP, ...GOSSIP_PORTS]);
  const peers = Array.from(
    { length: replicas },
    (_, index) => `${chart.component}-${index}.${serviceName}:${gossipPort.port}`,
  );

  disruptionBudget(chart, replicas);

  statefulSet(chart, {
    serviceName,
    dataFolder: '/alertmanager',
    storage,
    image: images.alertmanager,
    args: [
      '--config.file=/etc/alertmanager/config/alertmanager.yml',
      '--storage.path=/alertmanager',
      // Brackets, since the address may be of either family.
      `--cluster.listen-address=[$(POD_IP)]:${gossipPort.port}`,
      `--cluster.advertise-address=[$(POD_IP)]:${gossipPort.port}`,
      '--cluster.peer-name=$(POD_NAME)',
      ...peers.map((peer) => `--cluster.peer=${peer}`),
    ],
    env: [fromPod('POD_NAME', 'metadata.name'), fromPod('POD_IP', 'status.podIP')],
    user: USER,
    replicas,
    resources,
    ports: [HTTP, ...GOSSIP_PORTS],
    probePort: HTTP.name,
    startup: { path: '/-/ready', periodSeconds: 5, failureThreshold: 24 },
    liveness: { path: '/-/healthy', periodSeconds: 10, failureThreshold: 6 },
    readiness: { path: '/-/ready', periodSeconds: 5, failureThreshold: 3 },
    mounts: {
      config: { volume: configMapVolume(settings), path: '/etc/alertmanager/config' },
      ...(secrets.length > 0
        ? { secrets: { volume: secretVolume(receiversSecret, secrets), path: SECRETS_DIRECTORY } }
        : {}),
    },
    graceSeconds: 120,
  });
}
