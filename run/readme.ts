/** Sections of README.md that a program writes: what stands between `<!-- name -->` and `<!-- /name -->`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const file = resolve(import.meta.dirname, '../README.md');

const marks = (section: string) => [`<!-- ${section} -->`, `<!-- /${section} -->`] as const;

/** The text of a page with one section anew. Throws when the page has no such section. */
export function withSection(page: string, section: string, text: string): string {
  const [begins, ends] = marks(section);
  const from = page.indexOf(begins);
  const to = page.indexOf(ends);
  if (from < 0 || to < from) throw new Error(`README.md has no section between ${begins} and ${ends}`);
  return `${page.slice(0, from + begins.length)}\n${text}\n${page.slice(to)}`;
}

export function writeSection(section: string, text: string): void {
  writeFileSync(file, withSection(readFileSync(file, 'utf8'), section, text));
}
