/** Runbooks as they are in one stack: with the limits, the expression and the namespace in force. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedAlert } from '../resolve.ts';
import { onLines } from './layout.ts';

export const runbooksFolder = join(import.meta.dirname, '../runbooks');

/** What every runbook goes through, in this order. */
export const phases = [
  'Detection and classification',
  'Containment',
  'Investigation',
  'Remediation',
  'Review',
] as const;

/** The namespace that the runbooks are written for. */
const WRITTEN_FOR = 'mcp-lookout';

const head = (alert: ResolvedAlert) =>
  [
    `**${alert.severity}${alert.enabled ? '' : ', switched off in stack.config.ts'}.** First: ${alert.action}`,
    'It fires where this has a series:',
    `\`\`\`promql\n${onLines(alert.expression)}\n\`\`\``,
  ].join('\n\n');

/** File name to text. Throws when an alert has no runbook. */
export function compileRunbooks(alerts: readonly ResolvedAlert[], namespace: string): Record<string, string> {
  const written = new Set(readdirSync(runbooksFolder));
  const files = alerts.map((alert) => {
    const file = `${alert.runbook}.md`;
    if (!written.has(file)) throw new Error(`${alert.name} has no runbook: write alerts/runbooks/${file}`);
    const text = readFileSync(join(runbooksFolder, file), 'utf8');
    const inPlace = text.replaceAll(`-n ${WRITTEN_FOR} `, `-n ${namespace} `);
    return [file, inPlace.replace(/\n\n/, `\n\n${head(alert)}\n\n`)];
  });
  return Object.fromEntries(files);
}
