/** The Secrets that `docs/deploy.md` tells users to create, read from its commands. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const page = resolve(import.meta.dirname, '../../docs/deploy.md');

export function documentedSecrets(): { name: string; key: string }[] {
  const commands = readFileSync(page, 'utf8')
    .replaceAll('\\\n', ' ')
    .matchAll(/create secret generic (\S+)(.*)/g);
  return [...commands].flatMap(([, name, rest]) =>
    [...rest!.matchAll(/--from-(?:literal|file)=([\w.-]+)=/g)].map(([, key]) => ({ name: name!, key: key! })),
  );
}
