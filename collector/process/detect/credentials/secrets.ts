/**
 * Secrets in a text, by their shapes: keys of known services, private keys, tokens in three parts, connection strings,
 * values beside a word such as password, one-time codes, links that reset an account. Found by the scanner's names, so
 * that only short pieces are looked at closely; kept as hashes by whoever asks.
 */
import { hashText, mix } from '../text/hash.ts';
import { hashWord, meaningOf, Word } from '../text/lexicon.ts';
import { NameKind } from '../text/names.ts';
import { scanned } from '../text/scanned.ts';
import { wordsOf } from '../tool-words.ts';

export type SecretKind =
  | 'service key'
  | 'private key'
  | 'token'
  | 'connection string'
  | 'password or key'
  | 'one-time code'
  | 'reset link';

export interface Secret {
  readonly hash: number;
  readonly kind: SecretKind;
}

/** Published prefixes of AWS, GitHub, GitLab, Slack, Google, OpenAI and Anthropic, Stripe, npm, Hugging Face, SendGrid. */
const servicePrefix =
  /^(?:AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AIza|ya29\.|sk-|[rsp]k_(?:live|test)_|npm_|hf_|SG\.)[\w.-]{12,}$/;
/** The shortest prefix and what must follow. */
const SHORTEST_KEY = 15;
const jwt = /^eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}$/;
/** `user:password@` before a host. */
const connection = /^[^\s/@:]{1,64}:([^\s/@]{3,128})@[\w.-]+/;
const resetPath = /reset|verify|confirm|activat|magic|token|otp|auth|recover/i;
const credentialPath =
  /^(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|key|apikey|credential|credentials|pin|otp|authorization)$/;
const fileName = /^[\w-]+\.[a-z0-9]{1,5}$/i;
const CODE_DIGITS_LEAST = 4;
const CODE_DIGITS_MOST = 10;
const SHORTEST_VALUE = 6;
const ANNOUNCED_WITHIN = 60;
/** Of one text. */
const MOST = 32;

/** `codes`: short codes count too, which only makes sense in messages. */
export function secretsIn(text: string, path: string, codes: boolean): Secret[] {
  const scan = scanned(text);
  const found = new Map<number, SecretKind>();
  const add = (hash: number, kind: SecretKind) => {
    if (found.size < MOST && !found.has(hash)) found.set(hash, kind);
  };
  const { names } = scan;
  const named = names.count > 0 && isCredentialPath(path);
  for (let i = 0; i < names.count; i++) {
    const piece = scan.text.slice(names.from[i]!, names.to[i]!);
    const beside =
      named ||
      ((scan.bits[names.sentence[i]!]! & Word.credential) !== 0 && isAnnounced(scan.text, names.from[i]!));
    const kind = kindOf(piece, names.kind[i]!, beside);
    if (kind !== undefined) add(names.hash[i]!, kind);
  }
  for (let begin = scan.text.indexOf('PRIVATE KEY-----'); begin >= 0; ) {
    const body = scan.text.slice(begin + 16, begin + 116).replace(/[^A-Za-z0-9+/]/g, '');
    if (body.length >= 32) add(hashText(body.slice(0, 32)), 'private key');
    begin = scan.text.indexOf('PRIVATE KEY-----', begin + 16);
  }
  if (codes)
    for (let i = 0; i < scan.sentenceCount; i++)
      if (scan.bits[i]! & Word.credential)
        for (const code of codesIn(scan.text, scan.textFrom[i]!, scan.textFrom[i + 1]!))
          add(codeHash(code), 'one-time code');
  return [...found].map(([hash, kind]) => ({ hash, kind }));
}

/** Names, and digits that could be a code, of an argument: what secrets are looked up by. */
export function* hashesIn(text: string): Generator<number> {
  const { names, text: read } = scanned(text);
  for (let i = 0; i < names.count; i++) yield names.hash[i]!;
  for (const code of codesIn(read, 0, read.length)) yield codeHash(code);
  const key = read.indexOf('PRIVATE KEY-----');
  if (key >= 0)
    yield hashText(
      read
        .slice(key + 16, key + 116)
        .replace(/[^A-Za-z0-9+/]/g, '')
        .slice(0, 32),
    );
}

/** A word such as password stands shortly before. */
const isAnnounced = (text: string, at: number): boolean =>
  wordsOf(text.slice(Math.max(0, at - ANNOUNCED_WITHIN), at)).some(
    (word) => (meaningOf(hashWord(word), word.length) & Word.credential) !== 0,
  );

/** Paths come again and again. */
const paths = new Map<string, boolean>();
const MOST_PATHS = 4_096;

function isCredentialPath(path: string): boolean {
  let known = paths.get(path);
  if (known === undefined) {
    known = wordsOf(path.slice(path.lastIndexOf('.') + 1)).some((word) => credentialPath.test(word));
    if (paths.size >= MOST_PATHS) paths.clear();
    paths.set(path, known);
  }
  return known;
}

function kindOf(piece: string, name: number, beside: boolean): SecretKind | undefined {
  if (piece.length >= SHORTEST_KEY) {
    if (servicePrefix.test(piece)) return 'service key';
    if (piece.startsWith('eyJ') && jwt.test(piece)) return 'token';
  }
  if (name === NameKind.link) return isResetLink(piece) ? 'reset link' : undefined;
  if (piece.includes('@') && connection.test(piece)) return 'connection string';
  if (!beside || name === NameKind.mail || piece.length < SHORTEST_VALUE || fileName.test(piece))
    return undefined;
  return isMixed(piece) ? 'password or key' : undefined;
}

/** A reset link names what it is for and carries something that nobody guesses. */
function isResetLink(link: string): boolean {
  const path = link.slice(link.indexOf('/') + 1);
  return (
    link.includes('/') &&
    resetPath.test(path) &&
    path.split(/[/?&=#]/).some((part) => part.length >= 10 && isMixed(part))
  );
}

/** Letters and digits (or signs) together, as passwords and keys have them and words do not. */
function isMixed(piece: string): boolean {
  let digits = 0;
  let letters = 0;
  let changes = 0;
  let before = 0;
  for (let i = 0; i < piece.length; i++) {
    const unit = piece.charCodeAt(i);
    const kind = unit >= 48 && unit <= 57 ? 1 : (unit | 32) >= 97 && (unit | 32) <= 122 ? 2 : 3;
    if (kind === 1) digits++;
    if (kind === 2) letters++;
    if (kind !== before) changes++;
    before = kind;
  }
  return digits > 0 && letters > 0 && changes >= 3;
}

/** Runs of 4 to 10 digits that stand alone; not years. */
function* codesIn(text: string, from: number, to: number): Generator<number> {
  let start = -1;
  let value = 0;
  for (let i = from; i <= to; i++) {
    const unit = i < to ? text.charCodeAt(i) : 32;
    if (unit >= 48 && unit <= 57) {
      if (start < 0) {
        start = i;
        value = 0;
      }
      value = value * 10 + unit - 48;
      continue;
    }
    const digits = start < 0 ? 0 : i - start;
    const alone = start >= 0 && !isWord(text, start - 1) && !isWord(text, i);
    start = -1;
    if (!alone || digits < CODE_DIGITS_LEAST || digits > CODE_DIGITS_MOST) continue;
    if (digits === 4 && value >= 1_900 && value < 2_100) continue;
    yield value;
  }
}

/** Part of a longer word, number, date or time. */
function isWord(text: string, at: number): boolean {
  const unit = at >= 0 && at < text.length ? text.charCodeAt(at) : 32;
  return (
    (unit >= 48 && unit <= 58) ||
    (unit | 32) === 45 ||
    ((unit | 32) >= 97 && (unit | 32) <= 122) ||
    unit === 95
  );
}

const codeHash = (code: number): number => mix(Math.imul(code, 0x9e3779b1) ^ 0x636f6465);
