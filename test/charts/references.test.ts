import { posix } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { pagerDuty, slack, webhook } from '../../alerts/routing/receivers.ts';
import { type Manifest, type Manifests, matches, synthesise, type Workload } from './manifests.ts';
import { mountedFiles } from './mounted-files.ts';
import { documentedSecrets } from './user-secrets.ts';

let manifests: Manifests;
beforeAll(async () => {
  manifests = await synthesise({
    receivers: { page: [pagerDuty()], notify: [slack({ channel: '#mcp' })], deadman: [webhook()] },
  });
});

const labelsOf = ({ spec }: Workload) => spec.template.metadata.labels;
/** Names of the workloads whose pods the selector matches. */
const selected = (selector: Readonly<Record<string, string>>) =>
  manifests.workloads
    .filter((workload) => matches(selector, labelsOf(workload)))
    .map(({ metadata }) => metadata.name);

const containerOf = (name: string) =>
  manifests.workloads.find(({ metadata }) => metadata.name === name)!.spec.template.spec.containers[0]!;
const argument = (name: string, flag: string) =>
  containerOf(name)
    .args!.find((arg) => arg.startsWith(`--${flag}=`))!
    .slice(flag.length + 3);

describe('selectors', () => {
  test('of workloads, budgets and policies match the pods of one workload, the one of their name', () => {
    const named: [Manifest, Readonly<Record<string, string>>][] = [
      ...manifests.workloads.map((of): [Manifest, Readonly<Record<string, string>>] => [
        of,
        of.spec.selector.matchLabels,
      ]),
      ...manifests
        .of('PodDisruptionBudget')
        .map((of): [Manifest, Readonly<Record<string, string>>] => [of, of.spec.selector.matchLabels]),
      ...manifests
        .of('NetworkPolicy')
        .filter(({ metadata }) => metadata.name !== 'default-deny')
        .map((of): [Manifest, Readonly<Record<string, string>>] => [of, of.spec.podSelector.matchLabels!]),
    ];
    for (const [{ metadata }, selector] of named) expect(selected(selector)).toEqual([metadata.name]);
    expect(named).toHaveLength(4 + 2 + 4);
  });

  test('of services match one workload, and their ports are ports that its container opens', () => {
    for (const { metadata, spec } of manifests.of('Service')) {
      const [name, ...others] = selected(spec.selector);
      expect(others, metadata.name).toEqual([]);
      for (const { targetPort, port, protocol } of spec.ports) {
        expect(containerOf(name!).ports, `${metadata.name} ${port}`).toContainEqual({
          name: targetPort,
          containerPort: port,
          protocol,
        });
      }
    }
  });

  test('of peers in network policies match a workload', () => {
    for (const { spec } of manifests.of('NetworkPolicy')) {
      const peers = [
        ...(spec.ingress ?? []).flatMap(({ from }) => from),
        ...(spec.egress ?? []).flatMap(({ to }) => to),
      ];
      for (const { podSelector, namespaceSelector } of peers) {
        if (podSelector?.matchLabels && !namespaceSelector)
          expect(selected(podSelector.matchLabels)).toHaveLength(1);
      }
    }
  });
});

describe('StatefulSets', () => {
  test('name a headless service of their own, which also lists pods that are not ready', () => {
    for (const { metadata, spec } of manifests.of('StatefulSet')) {
      const service = manifests.get('Service', spec.serviceName!).spec;
      expect(service.clusterIP).toBe('None');
      expect(service.publishNotReadyAddresses).toBe(true);
      expect(selected(service.selector)).toEqual([metadata.name]);
      expect(spec.podManagementPolicy).toBe('Parallel');
    }
  });

  test('of Alertmanager name every peer by its record in that service', () => {
    const { spec } = manifests.get('StatefulSet', 'alertmanager');
    const peers = containerOf('alertmanager').args!.filter((arg) => arg.startsWith('--cluster.peer='));
    expect(peers).toEqual(
      Array.from(
        { length: spec.replicas },
        (_, n) => `--cluster.peer=alertmanager-${n}.${spec.serviceName}:9094`,
      ),
    );
    const environment = containerOf('alertmanager').env!.map(({ name }) => name);
    expect(argument('alertmanager', 'cluster.advertise-address')).toBe('[$(POD_IP)]:9094');
    expect(environment).toEqual(['POD_NAME', 'POD_IP']);
  });
});

describe('files', () => {
  test('of every ConfigMap and Secret that a pod names exist, and no ConfigMap is without a pod', () => {
    const used = new Set<string>();
    for (const workload of manifests.workloads) {
      for (const { kind, name, key } of mountedFiles(manifests, workload).values()) {
        if (kind === 'Secret') expect(documentedSecrets(), `${name}/${key}`).toContainEqual({ name, key });
        else used.add(name);
      }
    }
    expect([...used].sort()).toEqual(
      manifests
        .of('ConfigMap')
        .map(({ metadata }) => metadata.name)
        .sort(),
    );
  });

  test('are mounted by containers exactly as their pods have volumes', () => {
    for (const { spec } of manifests.workloads) {
      const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
      const volumes = [...spec.template.spec.volumes.map(({ name }) => name), ...claims];
      const mounts = spec.template.spec.containers.flatMap(({ volumeMounts }) =>
        volumeMounts.map(({ name }) => name),
      );
      expect([...mounts].sort()).toEqual([...volumes].sort());
    }
  });

  test('that Prometheus is told to read are there, as are the rules that its configuration names', () => {
    const files = mountedFiles(manifests, manifests.get('StatefulSet', 'prometheus'));
    const configFile = argument('prometheus', 'config.file');
    const config = parse(files.get(configFile)!.text);
    for (const glob of config.rule_files) {
      const path = posix.join(posix.dirname(configFile), glob);
      expect([...files.keys()].filter((file) => posix.matchesGlob(file, path)).length, path).toBeGreaterThan(
        1,
      );
    }
    expect(config.global.external_labels.replica).toBe('${POD_NAME}');
    expect(containerOf('prometheus').env!.map(({ name }) => name)).toContain('POD_NAME');
  });

  test('that Prometheus finds its targets and Alertmanagers by are records of ports of headless services', () => {
    const files = mountedFiles(manifests, manifests.get('StatefulSet', 'prometheus'));
    const config = parse(files.get(argument('prometheus', 'config.file'))!.text);
    const found = [...config.scrape_configs, ...config.alerting.alertmanagers].flatMap(({ dns_sd_configs }) =>
      dns_sd_configs.flatMap(({ names }: { names: string[] }) => names),
    );
    expect(found).toHaveLength(6);
    for (const record of found) {
      const [, port, service] = /^_(.+)\._tcp\.([^.]+)\.mcp-lookout\.svc$/.exec(record)!;
      const { clusterIP, ports } = manifests.get('Service', service!).spec;
      expect(clusterIP, record).toBe('None');
      expect(
        ports.map(({ name }) => name),
        record,
      ).toContain(port);
    }
  });

  test('that Alertmanager reads secrets from are the keys of its Secret', () => {
    const files = mountedFiles(manifests, manifests.get('StatefulSet', 'alertmanager'));
    const config = files.get(argument('alertmanager', 'config.file'))!.text;
    const named = [...config.matchAll(/_file: (\S+)/g)].map(([, file]) => file!);
    expect(named.length).toBeGreaterThan(2);
    for (const file of named) expect(files.get(file)?.kind, file).toBe('Secret');
  });

  test('that the collector reads and the folder that it writes are mounted', () => {
    const files = mountedFiles(manifests, manifests.get('StatefulSet', 'collector'));
    const config = JSON.parse(files.get(containerOf('collector').args![1]!)!.text);
    expect(files.get(config.tokensFile)?.kind).toBe('Secret');
    expect(containerOf('collector').volumeMounts).toContainEqual({
      name: 'data',
      mountPath: config.dataDirectory,
      readOnly: false,
    });
  });

  test('that Grafana provisions from lead to its dashboards and to the service of Prometheus', () => {
    const files = mountedFiles(manifests, manifests.get('Deployment', 'grafana'));
    const text = (file: string) => files.get(file)!.text;
    const [provider] = parse(text('/etc/grafana/provisioning/dashboards/files.yaml')).providers;
    const shown = [...files.keys()].filter((file) => posix.dirname(file) === provider.options.path);
    expect(shown).toHaveLength(6);
    for (const file of shown) expect(JSON.parse(text(file)).uid, file).toEqual(expect.any(String));

    const [source] = parse(text('/etc/grafana/provisioning/datasources/prometheus.yaml')).datasources;
    const { port } = manifests.get('Service', 'prometheus').spec.ports[0]!;
    expect(source.url).toBe(`http://prometheus:${port}`);

    const ini = text('/etc/grafana/grafana.ini');
    expect(files.has(/default_home_dashboard_path = (.+)/.exec(ini)![1]!)).toBe(true);
    for (const [, file] of ini.matchAll(/\$__file\{(.+)\}/g))
      expect(files.get(file!)?.kind, file).toBe('Secret');
  });
});
