/** What on-call reads: a notice as lines for a terminal. */
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Notice } from './pager.ts';

/** Longest text of one field; what comes from outside could fill the screen. */
const FIELD_LENGTH = 400;

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Colours where the terminal shows them: not in a file or pipe, nor under NO_COLOR. */
export const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

/** One line without what steers a terminal or turns the reading order: control, format and separator characters. */
export function printable(text: string): string {
  const line = stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return line.length > FIELD_LENGTH ? `${line.slice(0, FIELD_LENGTH)}…` : line;
}

/** `12:03:41` of this machine's clock. */
export const timeOfDay = (timeMs: number) => new Date(timeMs).toTimeString().slice(0, 8);

/** Columns before a field's text. */
const INDENT = 10;

/** Labels that the heading says already. */
const inHeading = new Set(['alertname', 'severity']);

const styles: Record<string, Style> = { critical: ['bold', 'red'], warning: ['bold', 'yellow'] };

function heading(notice: Notice, colour: Paint): string {
  const severity = notice.labels.severity ?? 'none';
  const name = printable(notice.labels.alertname ?? '');
  if (notice.status === 'resolved') return colour('green', `RESOLVED  ${name}`);
  const what = severity === 'critical' ? 'PAGE' : 'NOTICE';
  return `${colour(styles[severity] ?? 'bold', `${what}  ${printable(severity)}`)}  ${colour('bold', name)}`;
}

/** Without a base address a runbook is named by its path in the synthesised folder; here it is in the repository. */
const runbookOf = (notice: Notice) =>
  printable(notice.annotations.runbook_url ?? '').replace(/^runbooks\//, 'alerts/runbooks/');

/** The text in lines of at most `width` characters, broken between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The lines of one notice: what happened with its number, what to do, what to read, since when, and who was told. */
export function noticeLines(
  notice: Notice,
  colour: Paint = paint,
  columns = process.stdout.columns || 110,
): string[] {
  const annotation = (name: string) => printable(notice.annotations[name] ?? '');
  const labels = Object.entries(notice.labels)
    .filter(([name]) => !inHeading.has(name))
    .map(([name, value]) => `${printable(name)}=${printable(value ?? '')}`);
  const firing = [
    ['what', annotation('description')],
    ['do', annotation('action')],
    ['read', runbookOf(notice)],
  ] as const;
  const fields = [
    ['', annotation('summary')],
    ...(notice.status === 'firing' ? firing : []),
    [
      'since',
      `${timeOfDay(notice.sinceMs)}, told to ${printable(notice.receiver)} at ${timeOfDay(notice.receivedMs)}`,
    ],
    ['labels', labels.join(' ')],
  ] as const;
  const indented = fields
    .filter(([, text]) => text !== '')
    .flatMap(([name, text]) =>
      wrap(text, columns - INDENT).map(
        (line, i) => `  ${colour('dim', (i === 0 ? name : '').padEnd(INDENT - 2))}${line}`,
      ),
    );
  return [heading(notice, colour), ...indented];
}
