/**
 * The collector and everything it needs as one file, so that a stock Node image can run it. The same inputs give the
 * same bytes. `node charts/bundle.ts <file>` writes it for an image of your own.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');

/** The text of an ES module without imports other than Node's own. */
export async function bundleCollector(): Promise<string> {
  const build = await rolldown({
    cwd: root,
    input: resolve(root, 'collector/main.ts'),
    platform: 'node',
    logLevel: 'warn',
  });
  try {
    const { output } = await build.generate({
      format: 'esm',
      comments: false,
      // Names of functions stay, since they are all that a stack trace from the pod can say.
      minify: { compress: true, mangle: { keepNames: true }, codegen: true },
    });
    const [chunk, ...others] = output;
    if (others.length > 0) throw new Error(`the collector's bundle must be one file, not ${output.length}`);
    return chunk.code;
  } finally {
    await build.close();
  }
}

/** Bytes of one part; in base64 and with its metadata it stays below what `kubectl apply` takes. */
const PART_BYTES = 180_000;

/** The bundle compressed and cut, each part in base64 by the name that `boot.ts` looks for. */
export function bundleParts(code: string): Record<string, string>[] {
  // Quality 9 of 11: the last two cost twenty times the time for 6 % of the size.
  const compressed = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  const count = Math.ceil(compressed.length / PART_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const part = compressed.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
    // Padded, since the parts are put together in the order of their names.
    return { [`bundle.${String(index).padStart(2, '0')}`]: part.toString('base64') };
  });
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (!file) throw new Error('name the file to write: node charts/bundle.ts collector.mjs');
  writeFileSync(file, await bundleCollector());
}
