import { beforeAll, describe, expect, test } from 'vitest';
import { email, incidentIo } from '../../alerts/routing/receivers.ts';
import { type Manifests, type NetworkPolicy, type Peer, synthesise, withoutBundle } from './manifests.ts';

let manifests: Manifests;
beforeAll(async () => {
  manifests = await synthesise(withoutBundle);
});

/** What a peer is, in one word. */
function nameOf({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock) return `${ipBlock.cidr} without ${ipBlock.except}`;
  const namespace = namespaceSelector?.matchLabels;
  const [expression] = podSelector?.matchExpressions ?? [];
  if (expression)
    return `${namespace?.['kubernetes.io/metadata.name']} ${expression.key} in ${expression.values}`;
  if (namespace) return `pods of namespaces with ${JSON.stringify(namespace)}`;
  return podSelector!.matchLabels!['app.kubernetes.io/name']!;
}

const arrow = (from: string, to: string, ports: readonly { port: number; protocol: string }[]) =>
  `${from} -> ${to} ${ports.map(({ port, protocol }) => `${port}/${protocol}`).join(' ')}`;

function arrowsOf({ metadata, spec }: NetworkPolicy) {
  const { name } = metadata;
  return {
    in: (spec.ingress ?? []).flatMap(({ from, ports }) =>
      from.map((peer) => arrow(nameOf(peer), name, ports)),
    ),
    out: (spec.egress ?? []).flatMap(({ to, ports }) => to.map((peer) => arrow(name, nameOf(peer), ports))),
  };
}

const between = [
  'alertmanager -> alertmanager 9094/TCP 9094/UDP',
  'grafana -> prometheus 9090/TCP',
  'prometheus -> alertmanager 9093/TCP',
  'prometheus -> collector 9464/TCP',
  'prometheus -> grafana 3000/TCP',
  'prometheus -> prometheus 9090/TCP',
];
const dns = (from: string) => `${from} -> kube-system k8s-app in kube-dns,node-local-dns 53/TCP 53/UDP`;
const senders = 'pods of namespaces with {"mcp-lookout.dev/sends-events":"true"} -> collector 4318/TCP';
const outside = [
  'alertmanager -> 0.0.0.0/0 without 169.254.0.0/16 443/TCP',
  'alertmanager -> ::/0 without fe80::/10 443/TCP',
];

function all() {
  const policies = manifests.of('NetworkPolicy').map(arrowsOf);
  return {
    in: policies.flatMap((policy) => policy.in).sort(),
    out: policies.flatMap((policy) => policy.out).sort(),
  };
}

describe('the network', () => {
  test('has these arrows and no other, each allowed at both of its ends', () => {
    expect(all()).toEqual({
      in: [...between, senders].sort(),
      out: [...between, ...outside, dns('alertmanager'), dns('grafana'), dns('prometheus')].sort(),
    });
  });

  test('is denied both ways to every pod of the namespace that no other policy names', () => {
    const { spec } = manifests.get('NetworkPolicy', 'default-deny');
    expect(spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  test('is governed both ways by the policy of every component', () => {
    for (const { metadata, spec } of manifests.of('NetworkPolicy')) {
      expect(spec.policyTypes, metadata.name).toEqual(['Ingress', 'Egress']);
    }
  });

  test('lets nothing out of the collector, which holds what agents did', () => {
    expect(manifests.get('NetworkPolicy', 'collector').spec.egress ?? []).toEqual([]);
  });

  test('lets in from the namespaces and out to the ports that the configuration and mail receivers name', async () => {
    manifests = await synthesise({
      ...withoutBundle,
      network: { senderNamespaceLabels: { team: 'agents' }, notificationPorts: [8443, 443] },
      receivers: {
        notify: [
          email({ to: 'a@example.com', from: 'b@example.com', smarthost: 'mail.example.com:587' }),
          incidentIo({ url: 'https://alerts.example.com:9443/v2' }),
        ],
      },
    });
    expect(all().in).toContain('pods of namespaces with {"team":"agents"} -> collector 4318/TCP');
    expect(all().out).toContain(
      'alertmanager -> 0.0.0.0/0 without 169.254.0.0/16 443/TCP 587/TCP 8443/TCP 9443/TCP',
    );
  });

  test('knows nothing of Grafana where there is none', async () => {
    manifests = await synthesise({ grafana: { enabled: false }, ...withoutBundle });
    expect(JSON.stringify(all())).not.toContain('grafana');
  });
});
