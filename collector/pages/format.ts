/** Times, durations and sizes as people read them. */
import { type Content, type Html, html } from './html.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Decimal multiples with three significant digits: `12.3 kB`. */
export function bytes(value: number): string {
  const unit = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), UNITS.length - 1);
  const scaled = value / 1_000 ** unit;
  return `${unit ? Number(scaled.toPrecision(3)) : scaled} ${UNITS[unit]}`;
}

/** The two largest units that matter: `850 ms`, `4.2 s`, `3 min 20 s`, `2 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${Number((milliseconds / 1_000).toFixed(1))} s`;
  const seconds = Math.round(milliseconds / 1_000);
  const units = [
    [86_400, 'd', 3_600, 'h'],
    [3_600, 'h', 60, 'min'],
    [60, 'min', 1, 's'],
  ] as const;
  const [large, name, small, smallName] = units.find(([size]) => seconds >= size) ?? units[2];
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${name}${rest ? ` ${rest} ${smallName}` : ''}`;
}

/** A moment in UTC, to the second, with the exact one for machines. */
export function moment(milliseconds: number): Html {
  const iso = new Date(milliseconds).toISOString();
  return html`<time class="time" datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}

/** A number with thin groups of three digits. */
export const count = (value: number): string => value.toLocaleString('en-US').replaceAll(',', '\u202f');

interface Column {
  readonly title: Content;
  /** Right-aligned, for figures. */
  readonly number?: true;
  readonly sorted?: true;
}

/** A table with a name for readers who cannot see it; `empty` stands in its place when it has no rows. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
  empty: string,
): Html {
  if (rows.length === 0) return html`<p class="muted">${empty}</p>`;
  const align = (column: Column | undefined) => (column?.number ? html` class="number"` : '');
  const head = columns.map(
    (column) =>
      html`<th scope="col"${align(column)}${column.sorted ? html` aria-sort="descending"` : ''}>${column.title}</th>`,
  );
  const body = rows.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td${align(columns[i])}>${cell}</td>`)}</tr>
`,
  );
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table aria-label="${caption}">
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody>
</table></div>`;
}

/** Rows shown before the rest is folded away. */
const UNFOLDED_ROWS = 10;

/** A table of which only the first rows are seen until it is unfolded; they come with the largest first. */
export function foldedTable(...[name, columns, rows, empty]: Parameters<typeof table>): Html {
  const first = table(name, columns, rows.slice(0, UNFOLDED_ROWS), empty);
  if (rows.length <= UNFOLDED_ROWS) return first;
  const rest = table(`${name}, the rest`, columns, rows.slice(UNFOLDED_ROWS), empty);
  return html`${first}<details><summary>${count(rows.length - UNFOLDED_ROWS)} more</summary>${rest}</details>`;
}

/** Words in which names stand between backticks. */
export const prose = (text: string): Html =>
  html`${text.split('`').map((part, i, all) => (i % 2 === 1 && i < all.length - 1 ? html`<code>${part}</code>` : part))}`;

/** Words as a whole sentence. */
export const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
