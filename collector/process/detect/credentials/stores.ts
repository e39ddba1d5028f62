/** Places where credentials are kept, by what a call names in its arguments. */
import type { Call } from '../call.ts';

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));

const files = words(
  '.env .netrc .npmrc .pypirc .git-credentials id_rsa id_ed25519 id_ecdsa id_dsa kubeconfig shadow credentials credentials.json credentials.yml credentials.yaml secret secrets secrets.json secrets.yml secrets.yaml terraform.tfstate wp-config.php application.yml application.yaml application.properties',
);
const folders = words('.aws .ssh .kube .gnupg');
const endings = words('pem key pfx p12 keystore jks kdbx');
/** A longer argument is a text, not a place. */
const LONGEST = 512;
const MOST_PARTS = 32;

/** Names the store that a call reads, so that the same one counts once; undefined when it reads none. */
export function storeOf({ risk, endpoint, arguments: args }: Call): string | undefined {
  for (const { text } of args?.fields ?? []) {
    const found = text.length <= LONGEST && !risk.sink ? placeIn(text) : undefined;
    if (found !== undefined) return found;
  }
  if (!risk.secret) return undefined;
  const first = args?.fields[0]?.text ?? '';
  return first.length <= 64 ? `${endpoint} ${first}` : endpoint;
}

/** What every such place has in it: an extension, a folder, or one of the words. */
const mayBePlace = /[./\\]|id_|kubeconfig|shadow|credential|secret/i;

/** The first path in the text, which may be a command, that leads to one. */
function placeIn(text: string): string | undefined {
  if (!mayBePlace.test(text)) return undefined;
  for (const part of text.toLowerCase().split(/[\s"'=,;()]+/, MOST_PARTS)) {
    const steps = part.split(/[\\/]+/);
    const file = steps.at(-1) ?? '';
    const dot = file.lastIndexOf('.');
    if (
      files.has(file) ||
      file.startsWith('.env.') ||
      (dot > 0 && endings.has(file.slice(dot + 1))) ||
      (steps.length > 1 && steps.slice(0, -1).some((step) => folders.has(step)))
    )
      return part;
  }
  return undefined;
}
