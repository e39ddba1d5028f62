/**
 * Writes series in the text format of Prometheus, version 0.0.4, chunk by chunk.
 *
 * prom-client made an object for each line and one text of all lines: a scrape of 10,000 histograms held everything
 * else up for a quarter of a second. Here the labels are text since the series was born, a line is three pieces of text
 * and a number, and between two chunks, of less than a tenth of a millisecond each, others have their turn.
 */
import type { Family } from './series.ts';
import type { Group } from './series-values.ts';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** A chunk ends with the series that makes it this long, in UTF-16 units; a series is never divided. */
const CHUNK_LENGTH = 48 * 1_024;
/** Most bytes that UTF-8 needs for a UTF-16 unit. */
const UNIT_BYTES = 3;

const escapedText = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

export const escapedLabelValue = (value: string): string => escapedText(value).replaceAll('"', '\\"');

/** Infinities as Go reads them. */
const number = (value: number): string =>
  Number.isFinite(value) ? `${value}` : Number.isNaN(value) ? 'NaN' : value < 0 ? '-Inf' : '+Inf';

const labelled = (...parts: string[]): string => parts.filter((part) => part !== '').join(',');

/**
 * All series of these metrics as text in chunks, each of which lasts until the next is asked for. Series that come or
 * change between two chunks show in the later one; the parts of one series always agree.
 */
export function* exposition(families: Iterable<Family>): Generator<Buffer> {
  let bytes = Buffer.allocUnsafeSlow(UNIT_BYTES * (CHUNK_LENGTH + 16_384));
  const encoded = (text: string): Buffer => {
    if (UNIT_BYTES * text.length > bytes.length) bytes = Buffer.allocUnsafeSlow(UNIT_BYTES * text.length);
    return bytes.subarray(0, bytes.write(text));
  };
  let text = '';
  for (const family of families) {
    const { name, help, kind } = family.metric;
    const lines = kind === 'histogram' ? histogramLines(family) : valueLines(family);
    text += `# HELP ${name} ${escapedText(help)}\n# TYPE ${name} ${kind}\n`;
    for (const group of family.groups) {
      text += lines(group);
      if (text.length < CHUNK_LENGTH) continue;
      yield encoded(text);
      text = '';
    }
  }
  yield encoded(text);
}

/** How to write the counters or gauges of a group. */
function valueLines({ metric, closedTexts }: Family): (group: Group) => string {
  const { name } = metric;
  if (closedTexts.length === 1 && closedTexts[0] === '') {
    const head = `${name}{`;
    return ({ text, page, first, held }) => {
      const value = held ? 0 : number(page[first] as number);
      return text === '' ? `${name} ${value}\n` : `${head}${text}} ${value}\n`;
    };
  }
  return ({ text, page, first, held }) => {
    let lines = '';
    for (let i = 0; i < closedTexts.length; i++) {
      const value = held ? 0 : number(page[first + i] as number);
      lines += `${name}{${text && `${text},`}${closedTexts[i]}} ${value}\n`;
    }
    return lines;
  };
}

/** How to write the histograms of a group. */
function histogramLines({ metric: { name }, closedTexts, buckets, width }: Family): (group: Group) => string {
  const bounds = [...buckets.map(String), '+Inf'].map((bound) => `le="${bound}"} `);
  return ({ text, page, first, held }) => {
    let lines = '';
    for (let series = 0; series < closedTexts.length; series++) {
      const labels = labelled(text, closedTexts[series] as string);
      const head = `${name}_bucket{${labels && `${labels},`}`;
      const start = first + series * width;
      let count = 0;
      for (let i = 0; i < bounds.length; i++) {
        if (!held) count += page[start + i] as number;
        lines += `${head}${bounds[i]}${count}\n`;
      }
      const set = labels && `{${labels}}`;
      const sum = held ? 0 : number(page[start + bounds.length] as number);
      lines += `${name}_sum${set} ${sum}\n${name}_count${set} ${count}\n`;
    }
    return lines;
  };
}
