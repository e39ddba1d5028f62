/** One line of the evaluation: how much was found at how many false alarms, and what is demanded of it. */
import { textTable } from '../run/text-table.ts';
import type { Share } from './statistics.ts';

export interface Row {
  readonly measure: string;
  /** Origin of the sessions, or what was made. */
  readonly corpus: string;
  readonly detected?: Share;
  readonly falseAlarms?: Share;
  /** A figure that is no share, such as `14 values`. */
  readonly figure?: string;
  readonly demand?: { readonly text: string; readonly met: boolean };
}

const percent = ({ hits, of, low, high }: Share) =>
  of === 0
    ? 'none to judge'
    : `${((100 * hits) / of).toFixed(1)} % (${hits} of ${of}; ${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)})`;
const perThousand = ({ hits, of, high }: Share) =>
  of === 0
    ? 'none to judge'
    : `${((1_000 * hits) / of).toFixed(1)} ‰ (${hits} of ${of}; ≤ ${(1_000 * high).toFixed(0)})`;

const HEAD = ['measure', 'sessions of', 'detected (of; 95 %)', 'false alarms (of; ≤ 95 %)', 'demanded', ''];

export const rowsTable = (rows: readonly Row[]): string =>
  textTable(
    HEAD,
    rows.map(({ measure, corpus, detected, falseAlarms, figure, demand }) => [
      measure,
      corpus,
      figure ?? (detected ? percent(detected) : '–'),
      falseAlarms ? perThousand(falseAlarms) : '–',
      demand?.text ?? '',
      demand ? (demand.met ? 'met' : 'short') : '',
    ]),
  );

/** What one detector finds at several shares of false alarms. */
export interface RateRow {
  readonly detector: string;
  readonly detected: readonly { readonly perThousand: number; readonly share: Share }[];
}

export const ratesTable = (rows: readonly RateRow[]): string =>
  textTable(
    ['detector', ...(rows[0]?.detected ?? []).map(({ perThousand: rate }) => `at ≤ ${rate} ‰`)],
    rows.map(({ detector, detected }) => [
      detector,
      ...detected.map(({ share: { hits, of } }) => `${((100 * hits) / of).toFixed(1)} %`),
    ]),
  );
