/**
 * An alert's wording as annotations: as templates that Prometheus fills in, and as the text it makes of them, which its
 * unit tests expect. Formats follow `template/template.go` and `strutil` of Prometheus.
 */
import type { Value } from '../alert.ts';
import type { ResolvedAlert } from '../resolve.ts';
import type { Firing } from '../test-case.ts';

export interface Annotations {
  readonly summary: string;
  readonly description: string;
  readonly action: string;
  readonly runbook_url: string;
}

type LabelTexts = Readonly<Record<string, string>>;

const annotate = (alert: ResolvedAlert, labels: LabelTexts, value: Value): Annotations => ({
  summary: alert.definition.summary(labels, value, alert.settled),
  description: alert.definition.description(labels, value, alert.settled),
  action: alert.action,
  runbook_url: alert.runbookUrl,
});

const templatedValue: Value = {
  number: '{{ $value | humanize }}',
  percent: '{{ $value | humanizePercentage }}',
  seconds: '{{ $value | humanizeDuration }}',
};

/** What stands in the rule. */
export const templates = (alert: ResolvedAlert): Annotations =>
  annotate(
    alert,
    Object.fromEntries(alert.labels.map((label) => [label, `{{ $labels.${label} }}`])),
    templatedValue,
  );

/** Go's `%.4g` for numbers from 0.0001 to 9999. */
const fourDigits = (value: number) => String(Number(value.toPrecision(4)));

function humanize(value: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  let rest = value;
  let i = 0;
  for (; rest >= 1_000 && i < prefixes.length - 1; i++) rest /= 1_000;
  return fourDigits(rest) + prefixes[i];
}

function humanizeDuration(seconds: number): string {
  if (seconds < 1) return seconds === 0 ? '0s' : `${fourDigits(seconds * 1_000)}ms`;
  if (seconds < 60) return `${fourDigits(seconds)}s`;
  const whole = Math.floor(seconds);
  const parts = [whole / 86_400, (whole / 3_600) % 24, (whole / 60) % 60, whole % 60].map(Math.floor);
  const units = ['d', 'h', 'm', 's'];
  const first = parts.findIndex((part) => part > 0);
  return parts
    .map((part, i) => `${part}${units[i]}`)
    .slice(first)
    .join(' ');
}

/** What Prometheus makes of the templates for one firing alert. */
export const filledIn = (alert: ResolvedAlert, { labels, value }: Firing<string>): Annotations =>
  annotate(alert, labels, {
    number: humanize(value),
    percent: `${fourDigits(value * 100)}%`,
    seconds: humanizeDuration(value),
  });
