import { type Receiver, secretFile } from './receiver.ts';

/** incident.io, by an HTTP alert source: `url` is the source's address, the secret its token. */
export const incidentIo = ({
  url,
  secret = 'incidentio-token',
}: {
  url: `https://${string}`;
  secret?: string;
}): Receiver => ({
  integration: 'incidentio',
  secretFiles: { alert_source_token_file: secretFile(secret) },
  settings: { url },
});
