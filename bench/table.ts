/** Figures as a table that reads on a terminal and renders as Markdown. */
import { type Figure, median, readable } from './figures.ts';

const HEAD = ['figure', 'median', 'range', 'ratios', 'demanded', ''] as const;

export function table(figures: readonly Figure[]): string {
  const rows = figures.map(row);
  const widths = HEAD.map((title, i) => Math.max(...[title, ...rows.map((cells) => cells[i]!)].map(width)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => pad(cell, widths[i]!)).join(' | ')} |`;
  return [line(HEAD), line(widths.map((columns) => '-'.repeat(columns))), ...rows.map(line)].join('\n');
}

function row({ name, unit, rounds, ratios = {}, demand }: Figure): string[] {
  const [low, high] = [Math.min(...rounds), Math.max(...rounds)];
  return [
    name,
    `${readable(median(rounds))} ${unit}`,
    `${readable(low)}–${readable(high)}`,
    Object.entries(ratios)
      .map(([of, value]) => `${readable(value)} ${of}`)
      .join(', '),
    demand?.text ?? '',
    demand ? (demand.met ? 'met' : 'short') : '',
  ];
}

/** Characters, not UTF-16 units. */
const width = (text: string) => [...text].length;
const pad = (text: string, columns: number) => text + ' '.repeat(columns - width(text));
