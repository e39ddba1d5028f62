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

/** The lines of one notice: what happened with its number, what to do, what to read, since when, and to whom it went. */
export function noticeLines(notice: Notice, colour: Paint = paint): string[] {
  const annotation = (name: string) => printable(notice.annotations[name] ?? '');
  const labels = Object.entries(notice.labels)
    .filter(([name]) => !inHeading.has(name))
    .map(([name, value]) => `${printable(name)}=${printable(value ?? '')}`);
  const fields = [
    ['', annotation('summary')],
    ['what', notice.status === 'firing' ? annotation('description') : ''],
    ['do', notice.status === 'firing' ? annotation('action') : ''],
    ['read', notice.status === 'firing' ? annotation('runbook_url') : ''],
    [
      'since',
      `${timeOfDay(notice.sinceMs)}, told to "${printable(notice.receiver)}" at ${timeOfDay(notice.receivedMs)}`,
    ],
    ['labels', labels.join(' ')],
  ] as const;
  return [
    heading(notice, colour),
    ...fields
      .filter(([, text]) => text !== '')
      .map(([name, text]) => `  ${colour('dim', name.padEnd(6))}  ${text}`),
  ];
}
