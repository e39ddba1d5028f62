/**
 * Finds one instruction at work in many: alike calls that change or send something, by different principals within a day,
 * of which nothing was seen in the fourteen days before ("viral" injection; the shape of Morris II, Cohen et al. 2024).
 *
 * Calls are alike by their texts (MinHash, see `minhash.ts`) or by the address, URL or account they name. Novelty and
 * spread set it apart from legitimate mass use: what recurs is known, and a mailing to many is one principal's. A page
 * of a host that was already known counts as known; an address does not, since many share a mail provider.
 * Its history is of calls and not of sessions without findings: what it must know is whether a call was ever made.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { Call, SessionFacts } from '../call.ts';
import type { Detector, Report } from '../detector.ts';
import { entitiesOf, ownerOf } from '../entities.ts';
import type { Field } from '../payload.ts';
import { hashText, keyed, newKey } from '../text/hash.ts';
import { Clusters, MAXIMUM_MEMBERS, type Match } from './clusters.ts';
import { bandsOf, normalised } from './minhash.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * Principals from which a group is told of, within `WINDOW_MS` of its first call. One new destination of three is a campaign;
 * without a destination chance needs one more; the same words to different destinations are more often a template.
 */
const kinds = {
  destination: { principals: 3, certainty: 'scored', says: 'The same destination' },
  text: { principals: 4, certainty: 'scored', says: 'Alike arguments' },
  exact: { principals: 4, certainty: 'scored', says: 'The same arguments' },
  template: { principals: 5, certainty: 'supporting', says: 'Alike arguments to different destinations' },
} as const;
type Kind = keyof typeof kinds;
/** The least principals of any group while the history is shorter than `NOVEL_MS`. */
const PRINCIPALS_WHILE_LEARNING = 5;
const WINDOW_MS = DAY_MS;
/** A group not seen for this long is new. */
const NOVEL_MS = 14 * DAY_MS;
/** Shorter texts are alike by chance. */
const MINIMUM_TEXT = 20;
const MAXIMUM_CLUSTERS = 10_000;
const MAXIMUM_HOSTS = 20_000;
/** What a session read before, told apart. */
const MAXIMUM_SOURCES = 16;

export interface CrossSessionState {
  /** Hashes of calls that returned texts of third parties. */
  sources: number[] | undefined;
}

const time = Type.Number();
const savedSchema = Type.Object({
  key: Type.Integer(),
  sinceMs: Type.Optional(time),
  clusters: Type.Array(
    Type.Object({
      id: Type.String(),
      firstMs: time,
      lastMs: time,
      bands: Type.Optional(Type.Array(time)),
      principals: Type.Optional(Type.Array(time)),
    }),
  ),
  hosts: Type.Array(Type.Tuple([Type.String(), time])),
});
const savedCheck = Compile(savedSchema);

export class CrossSession implements Detector<CrossSessionState> {
  readonly name = 'cross_session';
  readonly #clusters = new Clusters(MAXIMUM_CLUSTERS, NOVEL_MS);
  /** When each host was first named. */
  readonly #hosts = new Bounded<{ readonly firstMs: number }>(MAXIMUM_HOSTS);
  #sinceMs: number | undefined;
  /** Saved with what it hashed. */
  #key = newKey();

  open(): CrossSessionState {
    return { sources: undefined };
  }

  cares(call: Call): boolean {
    // Its history begins with the first call of all.
    this.#sinceMs ??= call.timeMs;
    const { untrusted, sink, outward } = call.risk;
    return call.arguments !== undefined && (untrusted || sink || outward);
  }

  observe(call: Call, session: SessionFacts, state: CrossSessionState, report: Report): void {
    this.#sinceMs ??= call.timeMs;
    const { risk } = call;
    if (call.arguments === undefined || !(risk.untrusted || risk.sink || risk.outward)) return;
    const { fields } = call.arguments;
    const text =
      fields.length === 1 ? (fields[0] as Field).text : fields.map((field) => field.text).join(' ');
    if (risk.untrusted) this.#read(call, text, state);
    if (!risk.sink && !risk.outward) return;
    const entities = entitiesOf(text);
    const body = normalised(text);
    const seen = (match: Match, kind: Kind, entity?: string) =>
      this.#seen(match, kind, entity, call, session, state, report);
    const bands =
      body.length >= MINIMUM_TEXT ? bandsOf(keyed(hashText(call.endpoint), this.#key), body) : undefined;
    if (bands) seen(this.#clusters.ofBands(bands, call.timeMs), entities.length > 0 ? 'template' : 'text');
    else if (body !== '' && entities.length === 0) seen(this.#exactly(call, `= ${body}`), 'exact');
    for (const entity of entities) {
      if (isPage(entity) && this.#isKnownHost(ownerOf(entity), call.timeMs)) continue;
      seen(this.#exactly(call, entity), 'destination', entity);
    }
  }

  /** Groups, hosts and accounts that had to make room. */
  evicted(): number {
    return this.#clusters.evicted + this.#hosts.evicted;
  }

  snapshot(): unknown {
    return {
      key: this.#key,
      ...(this.#sinceMs === undefined ? {} : { sinceMs: this.#sinceMs }),
      clusters: this.#clusters.save(),
      hosts: [...this.#hosts.entries()].map(([host, { firstMs }]) => [host, firstMs]),
    };
  }

  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#key = saved.key;
    this.#sinceMs = saved.sinceMs;
    this.#clusters.load(saved.clusters);
    for (const [host, firstMs] of saved.hosts) this.#hosts.use(host, () => ({ firstMs }));
    return true;
  }

  #exactly(call: Call, what: string): Match {
    return this.#clusters.ofKey(this.#hidden(`${call.endpoint}\n${what}`), call.timeMs);
  }

  /** What is kept of an argument. */
  #hidden(text: string): string {
    return keyed(hashText(text), this.#key).toString(36);
  }

  #isKnownHost(host: string, timeMs: number): boolean {
    const { firstMs } = this.#hosts.use(this.#hidden(host), () => ({ firstMs: timeMs }));
    return timeMs - firstMs > WINDOW_MS;
  }

  /** The same page, channel or ticket is read by the same call. */
  #read(call: Call, text: string, state: CrossSessionState): void {
    if (text === '') return;
    state.sources ??= [];
    const source = hashText(`${call.endpoint}\n${text}`);
    if (state.sources.length < MAXIMUM_SOURCES && !state.sources.includes(source)) state.sources.push(source);
  }

  #seen(
    { cluster, similarity }: Match,
    kind: Kind,
    entity: string | undefined,
    call: Call,
    session: SessionFacts,
    state: CrossSessionState,
    report: Report,
  ): void {
    const { timeMs } = call;
    cluster.lastMs = Math.max(cluster.lastMs, timeMs);
    if (timeMs - cluster.firstMs > WINDOW_MS) {
      // It was seen before and had not spread: from now on it is known.
      cluster.principals = cluster.sessions = cluster.sources = undefined;
      return;
    }
    const { principals } = cluster;
    if (!principals || principals.size >= MAXIMUM_MEMBERS) return;
    principals.add(keyed(hashText(session.principal), this.#key));
    cluster.sessions ??= new Set();
    cluster.sessions.add(session.id);
    const own = state.sources ?? [];
    cluster.sources = cluster.sources
      ? new Set(own.filter((source) => cluster.sources?.has(source)))
      : new Set(own);
    const learning = timeMs - (this.#sinceMs ?? timeMs) < NOVEL_MS;
    const spread = principals.size;
    const { principals: least, certainty, says } = kinds[kind];
    if (spread < Math.max(least, learning ? PRINCIPALS_WHILE_LEARNING : 0)) return;
    // Told of again each time it has doubled, so that a campaign is one story and not one for each victim.
    if (spread < 2 * cluster.toldAt) return;
    cluster.toldAt = spread;
    const sameSource = cluster.sources.size > 0;
    const minutes = Math.max(1, Math.round((timeMs - cluster.firstMs) / 60_000));
    report(session, {
      detector: 'cross_session',
      certainty,
      score: spread + (sameSource ? 1 : 0) + (entity === undefined ? 0 : 1),
      message: `${says} in \`${call.tool}\`${similarity < 1 ? ` (similarity ${similarity.toFixed(2)})` : ''} from ${spread} principals within ${minutes} min, never seen in the ${learning ? 'time' : '14 days'} before${sameSource ? `; all had read the same ${cluster.sources.size === 1 ? 'source' : `${cluster.sources.size} sources`} first` : ''}.`,
      server: call.server,
      tool: call.tool,
      timeMs,
      evidence: {
        calls: [call.index],
        ...(entity === undefined ? {} : { destination: entity }),
        sessions: [...cluster.sessions],
        baseline: { principals: spread, minutes, sharedSources: cluster.sources.size },
      },
    });
  }
}

/** Whether an entity is a URL, and not an address or an account. */
const isPage = (entity: string) => !entity.includes('@') && entity.includes('.');
