/** What `cdk8s synth` runs: the manifests of `stack.config.ts`, in the folder that cdk8s asks for. */

import { artefacts } from '../stack/artefacts.ts';
import config from '../stack.config.ts';
import { writeManifests } from './manifests.ts';

const files = artefacts(config);
for (const warning of files.warnings) process.stderr.write(`note: ${warning}\n`);
await writeManifests(config, files, process.env.CDK8S_OUTDIR ?? 'dist/manifests');
