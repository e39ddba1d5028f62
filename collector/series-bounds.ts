/**
 * What may become a label value: clean text, and no more distinct values of a label than its bound.
 *
 * Values that come first stay. A value beyond the bound is written as `_other` and counted, so that a flood of
 * invented names costs memory once and a sentence in an alert, not a Prometheus.
 */
import type { OverflowLabel } from './catalogue/collector-metrics.ts';
import {
  client,
  endpoint,
  type OpenLabel,
  OTHER,
  rule,
  server,
  sessionType,
  sourceKind,
  tool,
  UNKNOWN,
} from './catalogue/labels.ts';

/** Longest label value in UTF-16 code units; an endpoint is two of them and a slash. */
const NAME_LENGTH = 128;
const ENDPOINT_LENGTH = 2 * NAME_LENGTH + 1;

const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/;
/** Controls, invisible formatting, lone surrogates, private and unassigned code points, line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const SPACES = /\p{Zs}+/gu;

/** Printable, trimmed and short; the same again for what is clean already. Nothing left means `_unknown`. */
export function cleanLabelValue(value: string, length = NAME_LENGTH): string {
  if (PLAIN.test(value)) return value;
  const printable = value.toWellFormed().replace(UNPRINTABLE, '_').replace(SPACES, ' ').trim();
  if (printable.length <= length) return printable || UNKNOWN;
  // A cut may fall between the halves of a surrogate pair.
  const cut = printable
    .slice(0, length - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '');
  return `${cut.trimEnd()}…`;
}

/** A tool on its server as labels and lists show it. Names that differ in what nobody sees are one here, not for detectors. */
export const endpointLabel = (serverName: string, toolName: string): string =>
  `${cleanLabelValue(serverName)}/${cleanLabelValue(toolName)}`;

/** The name each open label overflows under. Labels that only gauges have are bounded by the tables they come from. */
const overflowNames = new Map<OpenLabel, OverflowLabel>([
  [server, 'server'],
  [tool, 'tool'],
  [client, 'client'],
  [sessionType, 'session_type'],
  [rule, 'rule'],
  [endpoint, 'endpoint'],
  [sourceKind, 'source'],
]);

export class LabelBounds {
  readonly #admitted = new Map<OpenLabel, Set<string>>();
  readonly #onOverflow: (label: OverflowLabel) => void;

  constructor(onOverflow: (label: OverflowLabel) => void) {
    this.#onOverflow = onOverflow;
  }

  clean(label: OpenLabel, value: string): string {
    return cleanLabelValue(value, label === endpoint ? ENDPOINT_LENGTH : NAME_LENGTH);
  }

  /** The clean value while the label has room for it, else `_other`. */
  admit(label: OpenLabel, value: string): string {
    const clean = this.clean(label, value);
    if (clean === OTHER || clean === UNKNOWN) return clean;
    let admitted = this.#admitted.get(label);
    if (!admitted) {
      admitted = new Set();
      this.#admitted.set(label, admitted);
    }
    if (admitted.has(clean)) return clean;
    const name = overflowNames.get(label);
    if (name && admitted.size >= label.bound) {
      this.#onOverflow(name);
      return OTHER;
    }
    admitted.add(clean);
    return clean;
  }
}
