import { type Receiver, secretFile } from './receiver.ts';
import { body, runbookLink, title } from './wording.ts';

/** Slack's own escapes (docs.slack.dev, formatting message text): else a tool named `<!channel>` would call everybody. */
const mrkdwn = {
  escaped: '| reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"',
  bold: (text: string) => `*${text}*`,
};

/** Slack, by an incoming webhook. The secret is its address; the channel is the webhook's own unless given. */
export const slack = ({
  channel,
  secret = 'slack-webhook-url',
}: {
  channel?: string;
  secret?: string;
} = {}): Receiver => ({
  integration: 'slack',
  secretFiles: { api_url_file: secretFile(secret) },
  settings: {
    ...(channel ? { channel } : {}),
    title: title(mrkdwn),
    title_link: runbookLink,
    fallback: title(mrkdwn),
    text: body(mrkdwn),
    color:
      '{{ if eq .Status "resolved" }}good{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}',
  },
});
