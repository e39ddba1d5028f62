/**
 * Where a call sends something: addresses, hosts and accounts in its arguments, and which of them sessions usually use.
 * Mail is compared by domain, since a colleague's address is often new, except at providers where anybody has one.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Call } from './call.ts';
import { hashText, join, keyed, newKey } from './text/hash.ts';
import { SeenSet } from './text/seen-set.ts';
import { wordsOf } from './tool-words.ts';

export type DestinationKind = 'mail' | 'host' | 'account' | 'name';

export interface Destination {
  readonly kind: DestinationKind;
  /** What is compared: domain, host, account or name, in lower case. */
  readonly value: string;
  /** What is shown. */
  readonly shown: string;
  /** The argument that names it. */
  readonly path: string;
  /** The argument holds nothing else. */
  readonly whole: boolean;
}

const MOST = 64;
const LONGEST = 2_048;
const publicMail = new Set(
  'gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com aol.com proton.me protonmail.com gmx.de gmx.net web.de mail.com yandex.ru mail.ru qq.com 163.com'.split(
    ' ',
  ),
);
/** Words of an argument's name that say that it names a receiver. */
const receiverWords = new Set(
  'to recipient recipients receiver receivers cc bcc channel channels user users participant participants account iban beneficiary payee destination target address addresses email emails url uri host webhook endpoint phone member members attendee attendees invitee invitees'.split(
    ' ',
  ),
);

/** Several detectors ask about the same call, one after the other. */
let lastCall: Call | undefined;
let lastFound: readonly Destination[] = [];

/** Each destination once. */
export function destinationsOf(call: Call): readonly Destination[] {
  if (call !== lastCall) {
    lastFound = findDestinations(call);
    lastCall = call;
  }
  return lastFound;
}

/** Arguments' names come again and again. */
const receivers = new Map<string, boolean>();
const MOST_PATHS = 4_096;

function isReceiver(path: string): boolean {
  let receiver = receivers.get(path);
  if (receiver === undefined) {
    receiver = wordsOf(path).some((word) => receiverWords.has(word));
    if (receivers.size >= MOST_PATHS) receivers.clear();
    receivers.set(path, receiver);
  }
  return receiver;
}

function findDestinations(call: Call): Destination[] {
  const found = new Map<string, Destination>();
  const fields = call.arguments?.fields ?? [];
  // Receivers first, so that no body full of links keeps one of them from being looked at.
  for (const receiver of [true, false])
    for (const { path, text } of fields) {
      if (found.size >= MOST) break;
      if (isReceiver(path) !== receiver) continue;
      for (const destination of inText(text.length > LONGEST ? text.slice(0, LONGEST) : text, path, receiver))
        if (!found.has(destination.value)) found.set(destination.value, destination);
    }
  return [...found.values()];
}

function* inText(text: string, path: string, receiver: boolean): Generator<Destination> {
  const whole = text.trim();
  if (whole === '') return;
  // A receiver is the whole value; in a body, only what can be reached by itself counts.
  const several = /[,;]/.test(whole) && (whole.includes('@') || whole.includes('://'));
  if (receiver && !several && !/\s/.test(whole)) {
    yield named(whole, path, true);
    return;
  }
  if (receiver && whole.length <= 64 && !whole.includes('@') && !whole.includes('://')) {
    const account = accountIn(whole);
    yield account === undefined
      ? { kind: 'name', value: whole.toLowerCase(), shown: whole, path, whole: true }
      : { kind: 'account', value: account, shown: account, path, whole: true };
    return;
  }
  if (!whole.includes('@') && !whole.includes('://') && !/www\./i.test(whole)) return;
  let count = 0;
  for (const part of whole.split(/[\s,;<>"'()[\]]+/, 512)) {
    if (count >= MOST) return;
    if (!part.includes('@') && !part.includes('://') && !/^www\./i.test(part)) continue;
    const destination = named(part.replace(/[.:!?]+$/, ''), path, part.length === whole.length);
    if (destination.kind === 'name') continue;
    count++;
    yield destination;
  }
}

function named(text: string, path: string, whole: boolean): Destination {
  const lower = text.toLowerCase();
  // What follows the address of a link, such as another address in its query, is not where it leads.
  const address = lower.includes('://') ? '' : lower.replace(/^mailto:/, '').replace(/[?#].*$/s, '');
  const at = address.lastIndexOf('@');
  if (at > 0 && address.indexOf('.', at) > 0 && !/[/\\]/.test(address.slice(0, at))) {
    const domain = address.slice(at + 1).replace(/\.?(?:[^\p{L}\d._-].*)?$/su, '');
    const value = publicMail.has(domain) ? address : domain;
    return { kind: 'mail', value, shown: value, path, whole };
  }
  const host = hostOf(lower);
  if (host !== undefined) return { kind: 'host', value: host, shown: host, path, whole };
  const account = accountIn(text);
  if (account !== undefined) return { kind: 'account', value: account, shown: account, path, whole };
  return { kind: 'name', value: lower, shown: text, path, whole };
}

/** Of a link, with or without scheme; a user name before the host is not the host. */
function hostOf(lower: string): string | undefined {
  const scheme = lower.indexOf('://');
  const rest = scheme > 0 && scheme < 12 ? lower.slice(scheme + 3) : lower;
  const end = rest.search(/[/?#\\]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const place = authority.slice(authority.lastIndexOf('@') + 1);
  const host = place
    .replace(/:\d*$/, '')
    .replace(/\.$/, '')
    .replace(/^www\./, '');
  if (scheme > 0 && /^\[[\da-f:.]+\]$/.test(host)) return host;
  if (!/^[\p{L}\d_-]+(\.[\p{L}\d_-]+)*$/u.test(host)) return undefined;
  if (scheme > 0 || place.startsWith('www.')) return host;
  return (end > 0 || place.includes(':')) && /\.\p{L}{2,}$/u.test(host) ? host : undefined;
}

/** An account or telephone number: mostly digits, blanks aside. */
function accountIn(text: string): string | undefined {
  const plain = text.replace(/[\s-]+/g, '').toUpperCase();
  if (/^[A-Z]{2}\d{2}[A-Z0-9]{8,30}$/.test(plain)) return plain;
  return /^\+?[A-Z]{0,4}\d[A-Z0-9]{7,33}$/.test(plain) &&
    (plain.match(/\d/g)?.length ?? 0) >= plain.length / 2
    ? plain
    : undefined;
}

export type Novelty = 'unknown' | 'used' | 'new to type' | 'new';

/** Sessions until a type's destinations are known. */
const KNOWN_AFTER = 20;
const REMEMBERED = 1 << 16;
const TYPES = 256;

const savedCheck = Compile(
  Type.Object({
    key: Type.Integer(),
    seen: Type.String(),
    sessions: Type.Array(Type.Tuple([Type.String(), Type.Integer({ minimum: 0 })])),
    all: Type.Integer({ minimum: 0 }),
  }),
);

/** The destinations that finished sessions used, by their type and over all. */
export class KnownDestinations {
  readonly #seen = new SeenSet(REMEMBERED);
  readonly #sessions = new Map<string, number>();
  #all = 0;
  /** Saved with what it hashed. */
  #key = newKey();

  learn(type: string, values: Iterable<string>): void {
    this.#all++;
    if (this.#sessions.has(type) || this.#sessions.size < TYPES)
      this.#sessions.set(type, (this.#sessions.get(type) ?? 0) + 1);
    for (const value of values) {
      const hash = keyed(hashText(value), this.#key);
      this.#seen.add(hash);
      this.#seen.add(join(hashText(type), hash));
    }
  }

  /** Destinations that had to make room so far. */
  get forgotten(): number {
    return this.#seen.forgotten;
  }

  /** Finished sessions of the type. */
  sessions(type: string): number {
    return this.#sessions.get(type) ?? 0;
  }

  /** Enough sessions to say that something is new. */
  known(type: string): boolean {
    return this.sessions(type) >= KNOWN_AFTER;
  }

  /** Enough sessions of any type. */
  get ready(): boolean {
    return this.#all >= KNOWN_AFTER;
  }

  /** Whether nobody used it, or no session of the type where enough of them are known. */
  novelty(type: string, value: string): Novelty {
    if (!this.ready) return 'unknown';
    const hash = keyed(hashText(value), this.#key);
    if (!this.#seen.has(hash)) return 'new';
    return this.known(type) && !this.#seen.has(join(hashText(type), hash)) ? 'new to type' : 'used';
  }

  snapshot(): unknown {
    return { key: this.#key, seen: this.#seen.snapshot(), sessions: [...this.#sessions], all: this.#all };
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#key = saved.key;
    this.#seen.restore(saved.seen);
    for (const [type, sessions] of saved.sessions.slice(0, TYPES)) this.#sessions.set(type, sessions);
    this.#all = saved.all;
    return true;
  }
}
