import { type Receiver, secretFile } from './receiver.ts';
import { body, plain, title } from './wording.ts';

interface EmailOptions {
  readonly to: string;
  readonly from: string;
  /** Host and port of the SMTP server; TLS is required. */
  readonly smarthost: `${string}:${number}`;
  /** With a user name, the secret is the password. */
  readonly username?: string;
  readonly secret?: string;
}

/** E-mail. A warning's way to a mailbox or a ticket system, too slow and too quiet for a page. */
export const email = ({
  to,
  from,
  smarthost,
  username,
  secret = 'smtp-password',
}: EmailOptions): Receiver => ({
  integration: 'email',
  secretFiles: username ? { auth_password_file: secretFile(secret) } : {},
  settings: {
    to,
    from,
    smarthost,
    ...(username ? { auth_username: username } : {}),
    require_tls: true,
    headers: { Subject: title(plain) },
    // As text alone: Alertmanager's own HTML leaves out what to do.
    html: '',
    text: body(plain),
  },
});
