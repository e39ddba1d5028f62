/** A way to tell a human: one integration of Alertmanager, as data. */

export interface Receiver {
  /** Alertmanager's name for it: `slack` stands under `slack_configs`. */
  readonly integration: 'pagerduty' | 'slack' | 'msteamsv2' | 'webhook' | 'email' | 'incidentio';
  /** Fields that name a file, and the file: a key of the Kubernetes Secret `alertmanager-receivers`. */
  readonly secretFiles: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What Kubernetes allows as the key of a Secret, hence as the name of a mounted file. */
const fileName = /^(?!\.{1,2}$)[-._a-zA-Z0-9]{1,253}$/;

/** Throws when what should name a secret cannot: most likely it is the secret itself. */
export function secretFile(name: string): string {
  if (fileName.test(name)) return name;
  throw new Error(
    'stack.config.ts: receivers name a secret by its key in the Secret alertmanager-receivers, of letters, digits, -, _ and dots; the secret itself must not stand here',
  );
}
