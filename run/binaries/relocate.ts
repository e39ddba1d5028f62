/**
 * Debian's Alertmanager refuses to start without `/usr/share/prometheus/alertmanager/default.tmpl`, which only an
 * installed package has, and takes no flag for it. So an unpacked one is told of another folder.
 */
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BUILT_IN = '/usr/share/prometheus/alertmanager';
// A folder that the wrapper opens: unlike a relative path, it leaves the working directory to the caller.
const OPENED_FOLDER = '/proc/self/fd/9'.padEnd(BUILT_IN.length, '/');

const wrapper = `#!/bin/sh
# Descriptor 9 is the folder that the Alertmanager beside this file reads its default templates from.
here=\${0%/*}
exec 9<"$here/alertmanager-share" && exec "$here/alertmanager-binary" "$@"
`;

/** The bytes with every `from` replaced by `to`, which is as long: a path in a binary cannot grow. */
export function replacePath(bytes: Buffer, from: string, to: string): { bytes: Buffer; count: number } {
  if (from.length !== to.length) throw new Error(`${to} must be as long as ${from}`);
  const replaced = Buffer.from(bytes);
  let count = 0;
  for (let at = replaced.indexOf(from); at !== -1; at = replaced.indexOf(from, at + 1)) {
    replaced.write(to, at, 'latin1');
    count++;
  }
  return { bytes: replaced, count };
}

/** Makes the `alertmanager` in `folder` read its templates from there; `unpacked` is the root of the package's files. */
export function relocateAlertmanager(folder: string, unpacked: string): void {
  const share = join(unpacked, BUILT_IN);
  const program = join(folder, 'alertmanager');
  const { bytes, count } = replacePath(readFileSync(program), BUILT_IN, OPENED_FOLDER);
  if (count === 0 || !existsSync(share)) return;
  cpSync(share, join(folder, 'alertmanager-share'), { recursive: true, dereference: true });
  renameSync(program, join(folder, 'alertmanager-binary'));
  writeFileSync(join(folder, 'alertmanager-binary'), bytes);
  writeFileSync(program, wrapper);
  chmodSync(program, 0o755);
}
