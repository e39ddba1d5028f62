/**
 * Runs in the pod: starts the collector from the parts of its compressed bundle that lie beside this file. Nothing is
 * unpacked to a disk, so that the pod needs no writable folder that could hold other code.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

const folder = import.meta.dirname;
const parts = readdirSync(folder)
  .filter((file) => file.startsWith('bundle.'))
  .sort();
const source = brotliDecompressSync(Buffer.concat(parts.map((part) => readFileSync(join(folder, part)))));

const bundle = pathToFileURL(join(folder, 'collector.mjs')).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === bundle ? { url: bundle, format: 'module', shortCircuit: true } : next(specifier, context),
  load: (url, context, next) =>
    url === bundle ? { format: 'module', source, shortCircuit: true } : next(url, context),
});

await import(bundle);
