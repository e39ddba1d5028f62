/**
 * Credential harvesting: a secret that a tool returned goes out with another, or a session gathers more secrets, or
 * opens more places that keep them, than sessions of its type do.
 *
 * The first is exact: the secret's hash is in both. The second needs the type's habits: alarm where at most 1 in 100 of
 * at least 30 sessions gathered as many, and at least 3. Only hashes are kept.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { Call, SessionFacts } from '../call.ts';
import { destinationsOf, type KnownDestinations } from '../destinations.ts';
import type { Detector, Report } from '../detector.ts';
import { viewsOf } from '../taint/views.ts';
import { keyed, newKey } from '../text/hash.ts';
import { ToolNames } from '../tool-words.ts';
import { hashesIn, type SecretKind, secretsIn } from './secrets.ts';
import { storeOf } from './stores.ts';

const LEAST_GATHERED = 3;
const LEARNT_SESSIONS = 30;
const USUAL_SHARE = 0.01;
const TYPES = 256;
/** Secrets and stores of a session that are told apart. */
const MOST = 64;
const messageWords = new Set(
  'email emails mail mails message messages inbox sms notification notifications chat'.split(' '),
);

const key = newKey();

interface Origin {
  readonly kind: SecretKind;
  readonly call: number;
  readonly endpoint: string;
}

/** Made when there is something to remember. */
export interface CredentialState {
  /** Secrets by their keyed hash. */
  secrets: Map<number, Origin> | undefined;
  stores: Set<string> | undefined;
  calls: number[] | undefined;
  told: Set<number> | undefined;
  gatheredTold: number;
}

const savedCheck = Compile(Type.Array(Type.Tuple([Type.String(), Type.Array(Type.Integer({ minimum: 0 }))])));

export class Credentials implements Detector<CredentialState> {
  readonly name = 'credential_harvesting' as const;
  readonly #destinations: KnownDestinations;
  /** Of each type, how many sessions gathered so many secrets and stores; the last counts all above. */
  readonly #gathered = new Bounded<number[]>(TYPES);

  /** `destinations` is another detector's to learn and to save. */
  constructor(destinations: KnownDestinations) {
    this.#destinations = destinations;
  }

  open(): CredentialState {
    return {
      secrets: undefined,
      stores: undefined,
      calls: undefined,
      told: undefined,
      gatheredTold: 0,
    };
  }

  cares(call: Call): boolean {
    return call.arguments !== undefined || call.result !== undefined || call.risk.secret;
  }

  observe(call: Call, session: SessionFacts, state: CredentialState, report: Report): void {
    if (call.arguments && call.risk.outward && state.secrets) this.#passesOn(call, session, state, report);
    const before = gathered(state);
    const store = storeOf(call);
    if (store !== undefined) {
      state.stores ??= new Set();
      if (state.stores.size < MOST) state.stores.add(store);
    }
    if (call.result && !call.risk.sink) remember(call, state);
    if (gathered(state) > before) {
      state.calls ??= [];
      if (state.calls.length < MOST) state.calls.push(call.index);
      this.#gathers(call, session, state, report);
    }
  }

  learn({ type }: SessionFacts, state: CredentialState): void {
    const counts = this.#gathered.use(type, () => []);
    const count = Math.min(gathered(state), MOST);
    while (counts.length <= count) counts.push(0);
    counts[count]!++;
  }

  /** Entries that had to make room so far. */
  evicted(): number {
    return this.#gathered.evicted;
  }

  snapshot(): unknown {
    return [...this.#gathered.entries()];
  }

  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const [type, counts] of saved) this.#gathered.use(type, () => counts.slice(0, MOST + 1));
    return true;
  }

  #passesOn(call: Call, session: SessionFacts, state: CredentialState, report: Report): void {
    for (const { path, text } of call.arguments!.fields) {
      for (const view of viewsOf(text)) {
        for (const hash of hashesIn(view.text)) {
          const secret = keyed(hash, key);
          const origin = state.secrets?.get(secret);
          if (!origin || state.told?.has(secret) || origin.endpoint === call.endpoint) continue;
          state.told ??= new Set();
          state.told.add(secret);
          const destination = destinationsOf(call).find(({ kind }) => kind !== 'name');
          const novelty = destination ? this.#destinations.novelty(session.type, destination.value) : 'used';
          const isNew = novelty === 'new' || novelty === 'new to type';
          const encoded = view.encoding !== 'plain' && view.encoding !== 'json';
          const strong = origin.kind !== 'one-time code' && origin.kind !== 'password or key';
          report(session, {
            detector: this.name,
            certainty: strong || encoded || isNew ? 'confirmed' : 'scored',
            score: (strong ? 10 : 6) + (isNew ? 3 : 0) + (encoded ? 3 : 0),
            message: `\`${call.tool}\` was given a ${origin.kind} in \`${path}\` that \`${origin.endpoint}\` had returned${encoded ? ', encoded' : ''}${destination ? `, to \`${destination.shown}\`` : ''}. Secrets are for the service they belong to.`,
            server: call.server,
            tool: call.tool,
            timeMs: call.timeMs,
            evidence: {
              calls: [origin.call, call.index],
              ...(destination ? { destination: destination.shown } : {}),
              identity: secret.toString(16),
            },
          });
        }
      }
    }
  }

  #gathers(call: Call, session: SessionFacts, state: CredentialState, report: Report): void {
    const count = gathered(state);
    if (count < LEAST_GATHERED || count <= state.gatheredTold) return;
    const counts = this.#gathered.get(session.type) ?? [];
    const sessions = counts.reduce((sum, of) => sum + of, 0);
    if (sessions < LEARNT_SESSIONS) return;
    const asMany = counts.slice(count).reduce((sum, of) => sum + of, 0);
    if (asMany > USUAL_SHARE * sessions) return;
    state.gatheredTold = count;
    report(session, {
      detector: this.name,
      certainty: 'scored',
      score: Math.log2((sessions + 1) / (asMany + 1)) / 2 + Math.log2(count),
      message: `The session read ${state.secrets?.size ?? 0} different secrets and opened ${state.stores?.size ?? 0} places that keep them, the last with \`${call.tool}\`; ${asMany} of ${sessions} sessions of type ${session.type} gathered as many.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: { calls: [...(state.calls ?? [])], baseline: { sessions, seen: asMany, gathered: count } },
    });
  }
}

const gathered = ({ secrets, stores }: CredentialState): number => (secrets?.size ?? 0) + (stores?.size ?? 0);

/** Codes are sent by message; elsewhere, short numbers are anything. */
const messageTools = new ToolNames((words) => words.some((word) => messageWords.has(word)));

function remember(call: Call, state: CredentialState): void {
  const codes = messageTools.has(call.tool);
  for (const { path, text } of call.result!.fields)
    for (const { hash, kind } of secretsIn(text, path, codes)) {
      const secret = keyed(hash, key);
      state.secrets ??= new Map();
      const { secrets } = state;
      if (secrets.size < MOST && !secrets.has(secret))
        secrets.set(secret, { kind, call: call.index, endpoint: call.endpoint });
    }
}
