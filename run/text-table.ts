/** A table that reads on a terminal and renders as Markdown. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // Characters, not UTF-16 units.
  const columns = (text: string) => [...text].length;
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => columns(row[i] ?? ''))));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, i) => (row[i] ?? '') + ' '.repeat(width - columns(row[i] ?? ''))).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
