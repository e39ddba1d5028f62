import { type Receiver, secretFile } from './receiver.ts';
import { plain, runbookLink, title } from './wording.ts';

const first = (annotation: string) => `{{ (index .Alerts 0).Annotations.${annotation} }}`;

/** PagerDuty, by a service's Events API v2 integration. The secret is its routing key. */
export const pagerDuty = ({ secret = 'pagerduty-routing-key' }: { secret?: string } = {}): Receiver => ({
  integration: 'pagerduty',
  secretFiles: { routing_key_file: secretFile(secret) },
  settings: {
    description: title(plain),
    severity: '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}',
    class: '{{ .CommonLabels.alertname }}',
    component: '{{ .CommonLabels.server }}',
    group: 'mcp-lookout',
    details: {
      meaning: first('description'),
      action: first('action'),
      runbook: first('runbook_url'),
    },
    links: [{ href: runbookLink, text: 'Runbook' }],
  },
});
