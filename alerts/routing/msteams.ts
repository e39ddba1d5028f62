import { type Receiver, secretFile } from './receiver.ts';
import { body, title } from './wording.ts';

/** The Markdown of Adaptive Cards: a `](` from outside would make a link that says one thing and opens another. */
const cardMarkdown = {
  escaped: '| reReplaceAll "\\\\]\\\\(" "] ("',
  bold: (text: string) => `**${text}**`,
};

/** Microsoft Teams, by a Workflows webhook. The secret is its address. */
export const msTeams = ({ secret = 'msteams-webhook-url' }: { secret?: string } = {}): Receiver => ({
  integration: 'msteamsv2',
  secretFiles: { webhook_url_file: secretFile(secret) },
  settings: { title: title(cardMarkdown), text: body(cardMarkdown) },
});
