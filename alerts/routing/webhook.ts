import { type Receiver, secretFile } from './receiver.ts';

/** Alerts in one request: the payload has every label and annotation of each. */
const MOST_ALERTS = 100;

/** Anything that takes Alertmanager's webhook, such as a ticket system or a dead man's switch. The secret is its address. */
export const webhook = ({ secret = 'webhook-url' }: { secret?: string } = {}): Receiver => ({
  integration: 'webhook',
  secretFiles: { url_file: secretFile(secret) },
  settings: { max_alerts: MOST_ALERTS },
});
