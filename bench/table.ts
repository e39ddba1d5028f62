/** Figures as a table that reads on a terminal and renders as Markdown. */
import { textTable } from '../run/text-table.ts';
import { type Figure, median, readable } from './figures.ts';

const HEAD = ['figure', 'median', 'range', 'ratios', 'demanded', ''] as const;

export const table = (figures: readonly Figure[]): string => textTable(HEAD, figures.map(row));

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
