/**
 * Prometheus: two servers that scrape and judge the same, each with its own volume. It watches its configuration and
 * rules and reloads them: a restart would replay the log, leave a gap and forget which alerts it was holding.
 */
import type { Artefacts } from '../stack/artefacts.ts';
import { components } from '../stack/components.ts';
import type { StackConfig } from '../stack/config.ts';
import { images } from '../stack/images.ts';
import { bytes } from '../stack/quantities.ts';
import { ComponentChart, disruptionBudget, headlessService, service, serviceAccount } from './component.ts';
import { watchedFiles } from './config-maps.ts';
import type { App } from './k8s.ts';
import { networkPolicy } from './network.ts';
import { configMapVolume } from './volumes.ts';
import { fromPod, statefulSet } from './workload.ts';

/** Share of the volume for blocks; the write-ahead log and compaction need the rest. */
const RETENTION_SHARE = 0.8;
/** `nobody` of the image, which names it instead. */
const USER = 65_534;

const HTTP = components.prometheus.metricsPort;

export function prometheus(app: App, config: StackConfig, files: Artefacts): void {
  const chart = new ComponentChart(app, 20, 'prometheus', config);
  const { replicas, resources, retention, storage } = config.prometheus;

  serviceAccount(chart);

  const settings = watchedFiles(chart, 'prometheus', { data: { 'prometheus.yml': files.prometheusYml } });
  const rules = watchedFiles(chart, 'prometheus-rules', { data: files.rules });

  networkPolicy(chart);

  // The servers scrape at different moments: a dashboard that changed between them would flicker.
  service(chart, [HTTP], true);
  const serviceName = headlessService(chart, [HTTP]);

  disruptionBudget(chart, replicas);

  statefulSet(chart, {
    serviceName,
    dataFolder: '/prometheus',
    storage,
    image: images.prometheus,
    args: [
      '--config.file=/etc/prometheus/config/prometheus.yml',
      '--config.auto-reload',
      '--storage.tsdb.path=/prometheus',
      `--storage.tsdb.retention.time=${retention}`,
      `--storage.tsdb.retention.size=${Math.floor((bytes(storage) * RETENTION_SHARE) / 2 ** 20)}MB`,
    ],
    env: [fromPod('POD_NAME', 'metadata.name')],
    user: USER,
    replicas,
    resources,
    ports: [HTTP],
    probePort: HTTP.name,
    // Replaying the log of a large server takes minutes.
    startup: { path: '/-/ready', periodSeconds: 15, failureThreshold: 60 },
    liveness: { path: '/-/healthy', periodSeconds: 10, failureThreshold: 6 },
    readiness: { path: '/-/ready', periodSeconds: 5, failureThreshold: 3 },
    mounts: {
      config: { volume: configMapVolume(settings), path: '/etc/prometheus/config' },
      rules: { volume: configMapVolume(rules), path: '/etc/prometheus/rules' },
    },
    graceSeconds: 300,
  });
}
