/** The files that synth writes, with loopback addresses and a pager in place of the cluster's names and receivers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compileAlerts } from '../alerts/compile.ts';
import { secretNames, webhook } from '../alerts/routing/receivers.ts';
import { collectorConfig } from '../stack/collector.ts';
import type { StackConfig } from '../stack/config.ts';
import { prometheusConfig, staticTargets } from '../stack/prometheus.ts';

export interface LocalPorts {
  readonly ingest: number;
  readonly operations: number;
  readonly pages: number;
  readonly prometheus: number;
  readonly alertmanager: number;
}

const loopback = (port: number) => ({ host: '127.0.0.1', port });
const address = (port: number) => `127.0.0.1:${port}`;

/** Everybody who can be told is the pager; how and when each is told is as configured for a cluster. */
const receivers = { page: [webhook()], notify: [webhook()], deadman: [webhook()] };

/** Writes them below `folder`, laid out as in `dist/`, and answers their paths. */
export function writeLocalFiles(folder: string, config: StackConfig, ports: LocalPorts, pagerUrl: string) {
  const secretsDirectory = join(folder, 'alertmanager', 'secrets');
  const alerts = compileAlerts({ ...config, receivers }, { secretsDirectory });
  const write = (path: string, text: string): string => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };

  const { tokensFile: _, ...collector } = collectorConfig(config, alerts, {
    dataDirectory: join(folder, 'collector', 'data'),
  });
  const listeners = {
    ingest: loopback(ports.ingest),
    operations: loopback(ports.operations),
    pages: loopback(ports.pages),
  };
  const discovery = {
    collector: staticTargets(address(ports.operations)),
    prometheus: staticTargets(address(ports.prometheus)),
    alertmanager: staticTargets(address(ports.alertmanager)),
  };
  for (const key of secretNames(receivers)) write(`alertmanager/secrets/${key}`, pagerUrl);
  for (const [name, text] of Object.entries(alerts.rules)) write(`rules/${name}`, text);
  return {
    collector: write('collector/collector.json', JSON.stringify({ ...collector, ...listeners }, null, 2)),
    prometheus: write('prometheus/prometheus.yml', prometheusConfig(config, discovery)),
    alertmanager: write('alertmanager/alertmanager.yml', alerts.alertmanager),
  };
}
