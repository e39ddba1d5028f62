/** What types cannot say about a configuration: values that would be refused only when they are applied. */
import { isDuration } from '../collector/catalogue/duration.ts';
import type { StackConfig } from './config.ts';
import { bytes } from './quantities.ts';

/** A name of Kubernetes' (RFC 1123 label). */
const isName = (text: string) => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
const isPort = (port: unknown) =>
  Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535;
const isCount = (replicas: unknown) => Number.isInteger(replicas) && (replicas as number) >= 1;

/** Throws one sentence that names the key and what it must be. */
export function checkStack(config: StackConfig): void {
  const { namespace, network, prometheus, alertmanager, collector } = config;
  const must = (holds: boolean, key: string, be: string, value: unknown) => {
    if (!holds) throw new Error(`stack.config.ts: ${key} must be ${be}, not ${JSON.stringify(value)}`);
  };
  must(isName(namespace), 'namespace', 'lower-case letters, digits and hyphens', namespace);
  network.notificationPorts.forEach((port, i) => {
    must(isPort(port), `network.notificationPorts[${i}]`, 'a port from 1 to 65535', port);
  });
  for (const [key, { replicas }] of Object.entries({ prometheus, alertmanager })) {
    must(isCount(replicas), `${key}.replicas`, 'a whole number from 1', replicas);
  }
  for (const key of ['scrapeInterval', 'retention'] as const) {
    must(isDuration(prometheus[key]), `prometheus.${key}`, 'a duration such as "5s"', prometheus[key]);
  }
  for (const { storage } of [collector, prometheus, alertmanager]) bytes(storage);
}
