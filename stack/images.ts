/**
 * The container images of others that the stack runs, pinned: tag for people, digest for machines. The digests are
 * those that several public repositories pin for the tag; docs/hardening.md says how to check them against a registry.
 */

export interface Image {
  readonly repository: string;
  readonly tag: string;
  /** Of the multi-platform index. Without one the tag decides, and what runs can change under it. */
  readonly digest?: `sha256:${string}`;
}

export const images = {
  prometheus: {
    repository: 'quay.io/prometheus/prometheus',
    tag: 'v3.15.0',
    digest: 'sha256:efd719c99d83b060d9daefdcf00360461adf279f45ef5391f8d111892118753e',
  },
  alertmanager: {
    repository: 'quay.io/prometheus/alertmanager',
    tag: 'v0.34.1',
    digest: 'sha256:e9733bafb1bdef9b00e25a21f8f99dc26a22224bf16641ad754d1649f4c3357a',
  },
  grafana: {
    repository: 'docker.io/grafana/grafana',
    tag: '13.2.2',
    digest: 'sha256:ac461fb352abc50da10a51c7d02462e9c05488f11f53f14b3ad79a8145f638a0',
  },
  // Runs the collector's bundle.
  node: {
    repository: 'docker.io/library/node',
    tag: '24.21.0-bookworm-slim',
    digest: 'sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6',
  },
} as const satisfies Record<string, Image>;

/** What a container engine is asked for. */
export const reference = ({ repository, tag, digest }: Image) =>
  digest ? `${repository}:${tag}@${digest}` : `${repository}:${tag}`;
