/**
 * The ways a text can be read: as it is, and what it decodes to as a URL, JSON, hex, base64 or base64url, again up to two
 * deep. Bounded in number and length; linear in the text.
 */
import type { SharedContent } from '../detector.ts';

export type Encoding = SharedContent['encoding'];

export interface View {
  readonly text: string;
  readonly encoding: Encoding;
}

const DEPTH = 2;
const MOST_VIEWS = 24;
/** Shorter runs decode to less than a fingerprint. */
const SHORTEST_RUN = 24;
/** Share of a decoded text that must be letters, digits, blanks and the usual signs to be a text at all. */
const TEXT_SHARE = 0.85;

export function viewsOf(text: string): View[] {
  const views: View[] = [{ text, encoding: 'plain' }];
  let from = 0;
  for (let depth = 0; depth < DEPTH; depth++) {
    const to = views.length;
    for (let i = from; i < to; i++) {
      const view = views[i]!;
      for (const decoded of decodings(view.text)) {
        if (views.length >= MOST_VIEWS) return views;
        views.push({
          text: decoded.text,
          encoding:
            view.encoding === 'plain' || view.encoding === decoded.encoding ? decoded.encoding : 'nested',
        });
      }
    }
    from = to;
  }
  return views;
}

function* decodings(text: string): Generator<View> {
  if (text.length < SHORTEST_RUN) return;
  if (text.includes('%')) {
    const decoded = text.replace(/(?:%[0-9a-f]{2})+/gi, percentDecoded);
    if (decoded !== text) yield { text: decoded, encoding: 'url' };
  }
  if (text.includes('\\')) {
    const decoded = text
      .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (decoded !== text) yield { text: decoded, encoding: 'json' };
  }
  for (const run of runsOf(text)) {
    if (isHex(run)) {
      const decoded = asText(Buffer.from(run.length % 2 ? run.slice(0, -1) : run, 'hex'));
      if (decoded !== undefined) yield { text: decoded, encoding: 'hex' };
      continue;
    }
    const decoded = fromBase64(run);
    if (decoded !== undefined) yield { text: decoded, encoding: 'base64' };
  }
}

function percentDecoded(escapes: string): string {
  const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
  return bytes.toString('utf8');
}

/** Runs of the base64 alphabets without a blank, of which long ones are rare in texts. */
function* runsOf(text: string): Generator<string> {
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && inRun(text.charCodeAt(i))) continue;
    if (i - from >= SHORTEST_RUN) yield text.slice(from, i);
    from = i + 1;
  }
}

function inRun(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 47 && unit <= 57) ||
    unit === 43 ||
    unit === 45 ||
    unit === 95
  );
}

function isHex(run: string): boolean {
  for (let i = 0; i < run.length; i++) {
    const unit = run.charCodeAt(i) | 32;
    if (!((unit >= 97 && unit <= 102) || (unit >= 48 && unit <= 57))) return false;
  }
  return true;
}

/** A slash may be of the alphabet or of a path: then each step of the path is a run. */
function fromBase64(run: string): string | undefined {
  const whole = asText(Buffer.from(run, 'base64'));
  if (whole !== undefined || !run.includes('/')) return whole;
  const steps = run.split('/', 16).filter((step) => step.length >= SHORTEST_RUN);
  for (const step of steps) {
    const decoded = asText(Buffer.from(step, 'base64'));
    if (decoded !== undefined) return decoded;
  }
  return undefined;
}

function asText(bytes: Buffer): string | undefined {
  let usual = 0;
  for (const byte of bytes)
    if ((byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9) usual++;
  if (bytes.length < GRAM_BYTES || usual < bytes.length * TEXT_SHARE) {
    return isUtf8Text(bytes) ? bytes.toString('utf8') : undefined;
  }
  return bytes.toString('utf8');
}
const GRAM_BYTES = 16;

/** Texts of other scripts have few ASCII bytes, and random bytes are hardly ever valid UTF-8. */
function isUtf8Text(bytes: Buffer): boolean {
  return bytes.length >= 2 * GRAM_BYTES && !bytes.toString('utf8').includes('\ufffd');
}
