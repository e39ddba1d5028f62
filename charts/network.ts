/**
 * Who may talk to whom. Everything else is denied, both ways. An arrow is written once and becomes the sender's egress
 * and the receiver's ingress, so that the two cannot disagree.
 */
import type { Receiver } from '../alerts/routing/receivers.ts';
import type { Job } from '../collector/catalogue/jobs.ts';
import { components, gossipPort, ingestPort } from '../stack/components.ts';
import type { StackConfig } from '../stack/config.ts';
import { type ComponentChart, commonLabels, selectorLabels } from './component.ts';
import { type Chart, k8s } from './k8s.ts';

/** `senders`: pods of the namespaces that may send events. `outside`: anything beyond the cluster. */
export interface Arrow {
  readonly from: Job | 'senders';
  readonly to: Job | 'dns' | 'outside';
  readonly ports: readonly { readonly port: number; readonly protocol: 'TCP' | 'UDP' }[];
}

const tcp = (...ports: number[]) => ports.map((port) => ({ port, protocol: 'TCP' as const }));
const both = (port: number) => [...tcp(port), { port, protocol: 'UDP' as const }];

/** The port that a receiver's own settings name: a mail server's, or one written in an address. */
function portsOf({ settings: { smarthost, url } }: Receiver): number[] {
  const mail = typeof smarthost === 'string' ? [Number(smarthost.split(':').at(-1))] : [];
  const web = typeof url === 'string' ? [Number(new URL(url).port) || 443] : [];
  return [...mail, ...web];
}

/** The configured ports, and those that stand in the receivers already. Addresses that are secrets cannot be read here. */
function notificationPorts({ network, receivers }: StackConfig): number[] {
  const named = Object.values(receivers)
    .flatMap((list) => list ?? [])
    .flatMap(portsOf);
  return [...new Set([...network.notificationPorts, ...named])].sort((a, b) => a - b);
}

export function arrows(config: StackConfig): Arrow[] {
  const { collector, prometheus, alertmanager, grafana } = components;
  const all: Arrow[] = [
    { from: 'senders', to: 'collector', ports: tcp(ingestPort.port) },
    { from: 'prometheus', to: 'dns', ports: both(53) },
    { from: 'prometheus', to: 'collector', ports: tcp(collector.metricsPort.port) },
    { from: 'prometheus', to: 'prometheus', ports: tcp(prometheus.metricsPort.port) },
    { from: 'prometheus', to: 'alertmanager', ports: tcp(alertmanager.metricsPort.port) },
    { from: 'alertmanager', to: 'dns', ports: both(53) },
    { from: 'alertmanager', to: 'alertmanager', ports: both(gossipPort.port) },
    { from: 'alertmanager', to: 'outside', ports: tcp(...notificationPorts(config)) },
  ];
  if (!config.grafana.enabled) return all;
  return [
    ...all,
    { from: 'prometheus', to: 'grafana', ports: tcp(grafana.metricsPort.port) },
    { from: 'grafana', to: 'dns', ports: both(53) },
    { from: 'grafana', to: 'prometheus', ports: tcp(prometheus.metricsPort.port) },
  ];
}

const namespaceName = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

function peers(end: Arrow['from'] | Arrow['to'], config: StackConfig): k8s.NetworkPolicyPeer[] {
  switch (end) {
    case 'senders':
      return [{ namespaceSelector: { matchLabels: { ...config.network.senderNamespaceLabels } } }];
    case 'dns': {
      const k8sApp = { key: 'k8s-app', operator: 'In', values: ['kube-dns', 'node-local-dns'] };
      return [
        {
          namespaceSelector: namespaceName('kube-system'),
          podSelector: { matchExpressions: [k8sApp] },
        },
      ];
    }
    case 'outside':
      // Link-local addresses hold the cloud's instance metadata, and with it the node's credentials.
      return [
        { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } },
        { ipBlock: { cidr: '::/0', except: ['fe80::/10'] } },
      ];
    default:
      return [{ podSelector: { matchLabels: selectorLabels(end) } }];
  }
}

const ports = (arrow: Arrow) =>
  arrow.ports.map(({ port, protocol }) => ({ port: k8s.IntOrString.fromNumber(port), protocol }));

/** The component's ends of all arrows. */
export function networkPolicy(chart: ComponentChart): void {
  const { component, config } = chart;
  const all = arrows(config);
  new k8s.KubeNetworkPolicy(chart, 'network', {
    metadata: { name: component },
    spec: {
      podSelector: { matchLabels: selectorLabels(component) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: all
        .filter((arrow) => arrow.to === component)
        .map((arrow) => ({ from: peers(arrow.from, config), ports: ports(arrow) })),
      egress: all
        .filter((arrow) => arrow.from === component)
        .map((arrow) => ({ to: peers(arrow.to, config), ports: ports(arrow) })),
    },
  });
}

/** Denies both ways whatever no other policy allows, for every pod of the namespace, ours or not. */
export function denyByDefault(chart: Chart, namespace: string): void {
  new k8s.KubeNetworkPolicy(chart, 'deny', {
    metadata: { name: 'default-deny', namespace, labels: commonLabels },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}
