/** `npm run synth`: everything that `stack.config.ts` means, as files below `dist/`. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { artefactFiles, artefacts } from '../stack/artefacts.ts';
import config from '../stack.config.ts';
import { writeManifests } from './manifests.ts';

const started = performance.now();
const dist = resolve('dist');
/** Beside the real one, so that a failure leaves that as it was, and a file that is no longer made does not stay. */
const fresh = `${dist}.new`;

rmSync(fresh, { recursive: true, force: true });
const all = artefacts(config);
for (const [path, text] of Object.entries(artefactFiles(all))) {
  const file = join(fresh, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
await writeManifests(config, all, join(fresh, 'manifests'));
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);

for (const warning of all.warnings) process.stderr.write(`note: ${warning}\n`);
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const seconds = ((performance.now() - started) / 1_000).toFixed(1);
process.stdout.write(`Wrote ${files.length} files to ${relative('.', dist)}/ in ${seconds} s\n`);
