/** What README.md shows of the bench: each figure that something is demanded of, and on what it was measured. */
import { textTable } from '../run/text-table.ts';
import type { Facts } from './facts.ts';
import { type Figure, median, readable } from './figures.ts';

/** The last full run of each subject. */
export type Results = Readonly<
  Record<string, Facts & { readonly date: string; readonly figures: readonly Figure[] }>
>;

export function readmeSection(results: Results): string {
  const runs = Object.values(results);
  const rows = runs.flatMap(({ figures }) =>
    figures.flatMap(({ name, unit, rounds, ratios = {}, demand }) => {
      if (demand === undefined) return [];
      const ratio = Object.entries(ratios).map(([of, value]) => `${readable(value)} ${of}`);
      return [
        [
          name,
          [`${readable(median(rounds))} ${unit}`, ...ratio].join(', '),
          demand.text,
          demand.met ? 'met' : 'short',
        ],
      ];
    }),
  );
  const days = [...new Set(runs.map(({ date }) => date.slice(0, 10)))].sort().join(', ');
  const { machine, versions } = runs[0]!;
  const on = `${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB, ${machine.disk}, Node ${versions.node}`;
  return `\n${textTable(['figure', 'median', 'demanded', ''], rows)}\n\nMeasured ${days} on ${on}; the load of the machine is in bench/results.json.\n`;
}
