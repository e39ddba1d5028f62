/** Reads Prometheus text back into numbers, so that tests see what a scrape sees. */
import type { Metric } from '../../collector/catalogue/metric.ts';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));

export function samplesOf(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!;
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      return {
        name: name!,
        labels: Object.fromEntries(pairs.map(([, label, text]) => [label!, unescaped(text!)])),
        value: Number(value),
      };
    });
}

/** The samples of one metric; `suffix` picks a part of a histogram. */
export const samplesFor = (text: string, metric: Metric, suffix = ''): Sample[] =>
  samplesOf(text).filter(({ name }) => name === metric.name + suffix);

/** The one sample with at least these labels; undefined when there is none. */
export function sampleValue(
  text: string,
  metric: Metric,
  labels: Readonly<Record<string, string>> = {},
  suffix = '',
): number | undefined {
  const found = samplesFor(text, metric, suffix).filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length > 1) throw new Error(`${found.length} samples of ${metric.name} match`);
  return found[0]?.value;
}
