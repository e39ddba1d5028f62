/**
 * The expositions of several processes as one.
 *
 * Their series carry the number of their process as a label and stand beside each other. Sums would be fewer series, but
 * a sum falls when one of its processes starts anew, and Prometheus would count all that is left as new.
 */
const HELP = '# HELP ';

/** The parts of an exposition, each from one HELP line to the next, by the name of their metric. */
function familiesOf(text: string): Map<string, string> {
  const families = new Map<string, string>();
  let start = text.indexOf(HELP);
  while (start >= 0) {
    const next = text.indexOf(`\n${HELP}`, start);
    const end = next < 0 ? text.length : next + 1;
    const name = text.slice(start + HELP.length, text.indexOf(' ', start + HELP.length));
    families.set(name, text.slice(start, end));
    start = next < 0 ? -1 : next + 1;
  }
  return families;
}

const HEAD_LINES = /^# HELP .*\n# TYPE .*\n/;

/** One exposition, metric by metric, of all of them. */
export function* mergedMetrics(texts: readonly string[]): Generator<string> {
  const all = texts.map(familiesOf);
  const names = new Set(all.flatMap((families) => [...families.keys()]));
  for (const name of names) {
    const parts = all.flatMap((families) => families.get(name) ?? []);
    yield parts.map((part, i) => (i === 0 ? part : part.replace(HEAD_LINES, ''))).join('');
  }
}
