/** Places where credentials are kept, by what a call names in its arguments. */
import type { Call } from '../call.ts';

/** Files and paths of keys, environments and configurations, in the last parts of a path. */
const store =
  /(?:^|[\\/\s"'=])(?:\.env(?:\.\w{1,16})?|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.aws[\\/]\w{1,16}|\.ssh[\\/]\S{1,32}|id_(?:rsa|ed25519|ecdsa|dsa)|\.kube[\\/]config|kubeconfig|\.docker[\\/]config\.json|shadow|credentials(?:\.\w{1,8})?|secrets?(?:\.\w{1,8})?|terraform\.tfstate|wp-config\.php|application(?:-\w{1,16})?\.(?:ya?ml|properties)|[\w-]{1,64}\.(?:pem|key|pfx|p12|keystore|jks|kdbx))(?:$|[\s"',;)])/i;
const LONGEST = 512;

/** Names the store that a call reads, so that the same one counts once; undefined when it reads none. */
export function storeOf({ risk, endpoint, arguments: args }: Call): string | undefined {
  for (const { text } of args?.fields ?? []) {
    const found = text.length <= LONGEST && !risk.sink ? store.exec(text) : null;
    if (found) return found[0].trim().toLowerCase();
  }
  if (!risk.secret) return undefined;
  const first = args?.fields[0]?.text ?? '';
  return first.length <= 64 ? `${endpoint} ${first}` : endpoint;
}
