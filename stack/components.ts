/** Names and ports of the components, as the network sees them. */
import type { Job } from '../collector/catalogue/jobs.ts';
import { collectorDefaults } from '../collector/config.ts';

export interface Component {
  /** Kubernetes name of the workload and of the Service its users talk to. */
  readonly name: Job;
  /** Named port that Prometheus scrapes. */
  readonly metricsPort: { readonly name: string; readonly port: number };
}

export const components = {
  collector: {
    name: 'collector',
    metricsPort: { name: 'operations', port: collectorDefaults.operations.port },
  },
  prometheus: { name: 'prometheus', metricsPort: { name: 'http', port: 9090 } },
  alertmanager: { name: 'alertmanager', metricsPort: { name: 'http', port: 9093 } },
  grafana: { name: 'grafana', metricsPort: { name: 'http', port: 3000 } },
} as const satisfies Record<Job, Component>;

export const ingestPort = { name: 'ingest', port: collectorDefaults.ingest.port } as const;
export const gossipPort = { name: 'gossip', port: 9094 } as const;

/** The headless Service that names each pod: discovery by DNS, so that no pod needs a token for the API server. */
export const podsService = (name: Job) => `${name}-pods`;
