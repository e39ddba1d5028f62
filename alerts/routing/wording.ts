/**
 * What a notification says: Go templates over Alertmanager's data. Every label may hold what an attacker chose, so each
 * receiver escapes for its own markup.
 */

/** Alerts spelled out in one message; receivers refuse or cut long ones. */
const MOST_ALERTS = 10;

interface Markup {
  /** A pipeline for texts from outside, such as `| reReplaceAll "<" "&lt;"`. */
  readonly escaped: string;
  readonly bold: (text: string) => string;
}

export const plain: Markup = { escaped: '', bold: (text) => text };

/** One line: the alert's own summary, and how many more there are. */
export const title = ({ escaped }: Markup): string =>
  `{{ if eq .Status "resolved" }}Resolved: {{ end }}{{ (index .Alerts 0).Annotations.summary ${escaped} }}` +
  '{{ if gt (len .Alerts) 1 }} ({{ len .Alerts }} alerts){{ end }}';

/** For each alert its summary with the value, what it means, what to do, and the runbook. */
export const body = ({ escaped, bold }: Markup): string => {
  const field = (name: string) => `{{ $alert.Annotations.${name} ${escaped} }}`;
  const one = [
    `${bold(field('summary'))}{{ if eq $alert.Status "resolved" }} (resolved){{ end }}`,
    field('description'),
    `${bold('Do:')} ${field('action')}`,
    `${bold('Runbook:')} ${field('runbook_url')}`,
  ].join('\n\n');
  return (
    `{{ range $i, $alert := .Alerts }}{{ if lt $i ${MOST_ALERTS} }}${one}\n\n{{ end }}{{ end }}` +
    `{{ if gt (len .Alerts) ${MOST_ALERTS} }}${MOST_ALERTS} of {{ len .Alerts }} alerts are shown.{{ end }}`
  );
};

/** The runbook's address where it is one; empty where it is a path, which a receiver may refuse as a link. */
export const runbookLink =
  '{{ with index .Alerts 0 }}{{ if match "^https?://" .Annotations.runbook_url }}{{ .Annotations.runbook_url }}{{ end }}{{ end }}';
