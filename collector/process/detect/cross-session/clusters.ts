/** Groups of calls that are much alike or aim at the same thing, whoever made them, in bounded memory. */
import { Bounded } from '../bounded.ts';
import { BANDS, similarityOf } from './minhash.ts';

/** Exactly this many principals and sessions of a group are told apart. */
export const MAXIMUM_MEMBERS = 16;

export interface Cluster {
  readonly id: string;
  readonly firstMs: number;
  lastMs: number;
  /** Hashes of those who made such a call since the first; undefined once the group is known. */
  principals: Set<number> | undefined;
  sessions: Set<string> | undefined;
  /** Hashes of what all its sessions had read before. */
  sources: Set<number> | undefined;
  /** Principals when it was last told of. */
  toldAt: number;
  readonly bands: Uint32Array | undefined;
}

export interface Match {
  readonly cluster: Cluster;
  readonly similarity: number;
}

export interface SavedCluster {
  readonly id: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly bands?: readonly number[] | undefined;
  readonly principals?: readonly number[] | undefined;
}

/** Shared bands from which two texts count as alike: a similarity of about 0.6. */
const SHARED_BANDS = 2;

export class Clusters {
  readonly #byId: Bounded<Cluster>;
  readonly #byBand = new Map<number, Cluster>();
  readonly #forgetMs: number;
  #made = 0;

  /** A group without a call for `forgetMs` is forgotten. */
  constructor(limit: number, forgetMs: number) {
    this.#forgetMs = forgetMs;
    this.#byId = new Bounded(limit, (cluster) => this.#unlink(cluster));
  }

  get evicted(): number {
    return this.#byId.evicted;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The group of a text, made when there is none. */
  ofBands(bands: Uint32Array, nowMs: number): Match {
    const shared = new Map<Cluster, number>();
    for (const band of bands) {
      const cluster = this.#byBand.get(band);
      if (cluster) shared.set(cluster, (shared.get(cluster) ?? 0) + 1);
    }
    let best: Cluster | undefined;
    for (const [cluster, count] of shared)
      if (count > (best ? (shared.get(best) as number) : 0)) best = cluster;
    const count = best ? (shared.get(best) as number) : 0;
    if (best && count >= SHARED_BANDS && this.#remembered(best, nowMs))
      return { cluster: this.#byId.use(best.id, () => best), similarity: similarityOf(count) };
    return { cluster: this.#make(`~${++this.#made}`, nowMs, bands), similarity: 1 };
  }

  /** The group of an exact key. */
  ofKey(key: string, nowMs: number): Match {
    const known = this.#byId.get(key);
    const cluster =
      known && this.#remembered(known, nowMs)
        ? this.#byId.use(key, () => known)
        : this.#make(key, nowMs, undefined);
    return { cluster, similarity: 1 };
  }

  save(): SavedCluster[] {
    return [...this.#byId.entries()].map(([id, { firstMs, lastMs, bands, principals }]) => ({
      id,
      firstMs,
      lastMs,
      ...(bands ? { bands: [...bands] } : {}),
      ...(principals ? { principals: [...principals] } : {}),
    }));
  }

  load(saved: readonly SavedCluster[]): void {
    for (const { id, firstMs, lastMs, bands, principals } of saved) {
      const cluster = this.#make(id, firstMs, bands?.length === BANDS ? Uint32Array.from(bands) : undefined);
      cluster.lastMs = lastMs;
      cluster.principals = principals && new Set(principals.slice(0, MAXIMUM_MEMBERS));
      if (id.startsWith('~')) this.#made = Math.max(this.#made, Number(id.slice(1)) || 0);
    }
  }

  #remembered(cluster: Cluster, nowMs: number): boolean {
    if (nowMs - cluster.lastMs <= this.#forgetMs) return true;
    this.#byId.delete(cluster.id);
    this.#unlink(cluster);
    return false;
  }

  #make(id: string, firstMs: number, bands: Uint32Array | undefined): Cluster {
    const cluster: Cluster = {
      id,
      firstMs,
      lastMs: firstMs,
      principals: new Set(),
      sessions: new Set(),
      sources: undefined,
      toldAt: 0,
      bands,
    };
    this.#byId.use(id, () => cluster);
    for (const band of bands ?? []) this.#byBand.set(band, cluster);
    return cluster;
  }

  #unlink(cluster: Cluster): void {
    for (const band of cluster.bands ?? []) if (this.#byBand.get(band) === cluster) this.#byBand.delete(band);
  }
}
