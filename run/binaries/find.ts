/** Finds Prometheus, promtool, Alertmanager and amtool: named, installed, unpacked before, or to be unpacked now. */
import { fromCache } from './cache.ts';
import { fromContainerImages } from './container.ts';
import { fromDebianMirror } from './debian.ts';
import { fromEnvironment } from './environment.ts';
import { fromPath } from './path.ts';
import {
  type Binaries,
  type Environment,
  isComplete,
  type Progress,
  type SomeBinaries,
  tools,
} from './tools.ts';

const onStderr: Progress = (line) => process.stderr.write(`${line}\n`);

/**
 * The four programs, new enough for what synth writes. Unpacking happens once; later calls find it in the cache.
 * Throws one sentence that says what to install, and why the ways around that did not work.
 */
export async function findBinaries(
  env: Environment = process.env,
  progress: Progress = onStderr,
): Promise<Binaries> {
  const found: SomeBinaries = { ...(await fromPath(env)), ...(await fromEnvironment(env)) };
  if (isComplete(found)) return found;
  const cached = fromCache(env);
  if (cached) return { ...cached, ...found };
  const refusals: string[] = [];
  for (const unpack of [fromDebianMirror, fromContainerImages]) {
    try {
      return { ...(await unpack(env, progress)), ...found };
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  throw new Error(
    `Install Prometheus ${tools.prometheus.atLeast} or newer with promtool and Alertmanager ` +
      `${tools.alertmanager.atLeast} or newer with amtool on PATH, or name each with an environment variable ` +
      `(${Object.values(tools)
        .map(({ variable }) => variable)
        .join(', ')}); unpacking them was not possible: ` +
      `${refusals.join('; ')}`,
  );
}
