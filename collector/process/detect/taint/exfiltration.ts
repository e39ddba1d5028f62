/**
 * Read-then-exfiltrate: a passage of a tool's result goes out to a destination that sessions do not use.
 *
 * Content alone is no sign: every third benign session passes on what it read. The score adds what makes it one: how much
 * (half of log2 of the shared length over one fingerprint), a destination new to all (2) or to the type (1), a passage that
 * was encoded on its way (4), an argument that consists of it (up to 3), and a source of credentials (1). Method: winnowing,
 * see winnow.ts; proposal for the destinations of a type from the recorded sessions of the evaluation.
 */
import type { Call, SessionFacts } from '../call.ts';
import { type Destination, destinationsOf, type KnownDestinations } from '../destinations.ts';
import type { Detector, Report } from '../detector.ts';
import { SessionMemory } from '../session-memory.ts';
import { Fingerprints, LAST_TOLD_CALL } from './fingerprints.ts';
import { fingerprint, type Match, matchOf } from './match.ts';
import { streamOf } from './stream.ts';
import { type Encoding, viewsOf } from './views.ts';
import { GRAM, grams, winnow } from './winnow.ts';

/** Letters and digits shared at least: what winnowing finds for certain is 31; less may be chance. */
const LEAST_SHARED = 20;
/** Letters and digits of an argument that is more than a name or a title. */
const SHORTEST_ARGUMENT = 32;
const ENCODED = 4;
const noveltyScore = { used: 0, unknown: 0, 'new to type': 1, new: 2 } as const;
const LONGEST_ARGUMENT = 8_192;
const DESTINATIONS = 64;
const SOURCES = 32;
/** Of all open sessions together: 1.6 KiB each where 100,000 are open, more where fewer are. */
const MEMORY_BYTES = 160 * 1024 * 1024;

/** Made when there is something to remember. */
export interface ExfiltrationState {
  fingerprints: Fingerprints | undefined;
  destinations: Set<string> | undefined;
  /** The calls that gave something, to be named. */
  sources: readonly Source[] | undefined;
}

interface Source {
  readonly call: number;
  readonly endpoint: string;
  readonly secret: boolean;
  readonly path: string;
}

interface Leak extends Match {
  readonly encoding: Encoding;
  readonly path: string;
}

export class Exfiltration implements Detector<ExfiltrationState> {
  readonly name = 'read_then_exfiltrate' as const;
  readonly #known: KnownDestinations;
  readonly #memory = new SessionMemory(MEMORY_BYTES);

  /** The destinations of finished sessions, which it learns and saves. */
  constructor(known: KnownDestinations) {
    this.#known = known;
  }

  open(): ExfiltrationState {
    return { fingerprints: undefined, destinations: undefined, sources: undefined };
  }

  cares(call: Call): boolean {
    return call.arguments !== undefined || call.result !== undefined;
  }

  observe(call: Call, session: SessionFacts, state: ExfiltrationState, report: Report): void {
    if (call.arguments) this.#goesOut(call, session, state, report);
    if (!call.result || !(call.risk.sensitive || call.risk.untrusted || call.risk.secret)) return;
    remember(call, state);
    if (state.fingerprints) this.#memory.note(state.fingerprints);
  }

  end(_: SessionFacts, { fingerprints }: ExfiltrationState): void {
    if (fingerprints) this.#memory.release(fingerprints);
  }

  learn(session: SessionFacts, { destinations }: ExfiltrationState): void {
    this.#known.learn(session.type, destinations ?? []);
  }

  /** Entries that had to make room so far. */
  evicted(): number {
    return this.#memory.evicted + this.#known.forgotten;
  }

  snapshot(): unknown {
    return this.#known.snapshot();
  }

  restore(saved: unknown): boolean {
    return this.#known.restore(saved);
  }

  #goesOut(call: Call, session: SessionFacts, state: ExfiltrationState, report: Report): void {
    const all = destinationsOf(call);
    const external = all.filter(({ kind }) => kind !== 'name');
    if (external.length === 0) return;
    state.destinations ??= new Set();
    for (const { value } of external)
      if (state.destinations.size < DESTINATIONS) state.destinations.add(value);
    if (!state.fingerprints) return;
    const fresh = external
      .map((destination) => ({ destination, novelty: this.#known.novelty(session.type, destination.value) }))
      .filter(({ novelty }) => novelty !== 'used')
      .sort((a, b) => Number(b.novelty === 'new') - Number(a.novelty === 'new'))[0];
    if (!fresh) return;
    const leak = leakOf(call, external, state.fingerprints);
    if (!leak || isChance(leak)) return;
    const encoded = leak.encoding !== 'plain' && leak.encoding !== 'json';
    if (!encoded && fresh.novelty === 'unknown') return;
    const source = state.sources?.find(({ call: given }) => given === leak.call);
    const score =
      Math.log2(leak.length / GRAM) / 2 +
      noveltyScore[fresh.novelty] +
      (encoded ? ENCODED : 0) +
      3 * Math.min(1, (leak.length + GRAM) / leak.of) +
      (source?.secret ? 1 : 0);
    const sessions = this.#known.sessions(session.type);
    report(session, {
      detector: this.name,
      certainty: encoded && call.risk.outward ? 'confirmed' : 'scored',
      score,
      message: message(call, leak, source?.endpoint, fresh.destination.shown, session.type, sessions),
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [leak.call, call.index],
        destination: fresh.destination.shown,
        shared: [
          {
            fromCall: leak.call,
            toCall: call.index,
            fromPath: source?.path ?? '',
            toPath: leak.path,
            length: leak.length,
            encoding: leak.encoding,
          },
        ],
        baseline: { sessions, seen: 0 },
      },
    });
  }
}

/** The clearest passage: encoded before plain, then the longest. */
function leakOf(
  call: Call,
  destinations: readonly Destination[],
  fingerprints: Fingerprints,
): Leak | undefined {
  let clearest: Leak | undefined;
  for (const { path, text } of call.arguments!.fields) {
    const whole = destinations.find((destination) => destination.whole && destination.path === path);
    // An address can be taken from a result without taking anything along.
    if (whole && whole.kind !== 'host') continue;
    const from = whole ? lettersUntilPath(text) : 0;
    if (!whole && !call.risk.outward) continue;
    const views = viewsOf(text.length > LONGEST_ARGUMENT ? text.slice(0, LONGEST_ARGUMENT) : text);
    // A link that stands in a result is followed, not written.
    if (whole && (matchOf(text, fingerprints)?.length ?? 0) > 0 && !startsBehind(text, from, fingerprints))
      continue;
    for (const { text: view, encoding } of views) {
      const match = matchOf(view, fingerprints, encoding === 'plain' ? from : 0);
      if (!match) continue;
      const leak = { ...match, encoding, path };
      if (!clearest || rank(leak) > rank(clearest)) clearest = leak;
    }
  }
  return clearest;
}

/** One fingerprint in common may be chance, unless the argument is hardly longer. */
const isChance = ({ length, of }: Leak): boolean =>
  length < LEAST_SHARED && (of < SHORTEST_ARGUMENT || length + GRAM < of / 2);

const rank = ({ encoding, length }: Leak): number => length * (encoding === 'plain' ? 1 : 4);

/** Nothing shared touches the host. */
function startsBehind(text: string, from: number, fingerprints: Fingerprints): boolean {
  return !grams(text)
    .subarray(0, from)
    .some((hash) => fingerprints.find(fingerprint(hash)) !== undefined);
}

/** Letters and digits of a link before its path. */
function lettersUntilPath(link: string): number {
  const scheme = link.indexOf('://');
  const end = link.slice(scheme < 0 ? 0 : scheme + 3).search(/[/?#]/);
  const before = end < 0 ? link : link.slice(0, (scheme < 0 ? 0 : scheme + 3) + end);
  return before.replace(/[^\p{L}\d]+/gu, '').length;
}

function remember(call: Call, state: ExfiltrationState): void {
  const text = streamOf(call.result!);
  if (text.length < LEAST_SHARED) return;
  state.fingerprints ??= new Fingerprints();
  const { fingerprints } = state;
  const kept = winnow(text);
  fingerprints.reserve(kept.length);
  for (let i = 0; i < kept.length; i++) fingerprints.add(fingerprint(kept[i]!), call.index);
  const { sources = [] } = state;
  if (sources.length >= SOURCES) return;
  const { index, endpoint, risk } = call;
  const path = call.result!.fields[0]?.path ?? '';
  // No longer than it must be: one that is pushed to has room for 17.
  state.sources = [...sources, { call: index, endpoint, secret: risk.secret, path }];
}

const encodings: Readonly<Record<Encoding, string>> = {
  plain: '',
  json: ', escaped as JSON',
  url: ', URL-encoded',
  base64: ', base64-encoded',
  hex: ', hex-encoded',
  nested: ', encoded twice',
};

function message(
  { tool, index }: Call,
  { length, call, encoding }: Leak,
  source: string | undefined,
  destination: string,
  type: string,
  sessions: number,
): string {
  const back = index - call;
  const from = source === undefined ? 'a tool' : `\`${source}\``;
  const when =
    call >= LAST_TOLD_CALL ? 'before' : back === 1 ? 'in the call before' : `${back} calls earlier`;
  const seen =
    sessions === 0 ? 'of a type without history' : `never used by sessions of type ${type} in ${sessions}`;
  return `\`${tool}\` received at least ${length} characters that ${from} returned ${when}${encodings[encoding]}, to \`${destination}\`, ${seen}.`;
}
