/** Builds what npm publishes: the library for both module systems, and the command. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'rolldown';

const out = process.env.OBSERVE_DIST ?? join(import.meta.dirname, 'dist');
const from = (path: string) => join(import.meta.dirname, path);
const shared = { platform: 'node', transform: { target: 'node18' } } as const;

export default defineConfig([
  {
    ...shared,
    input: from('src/index.ts'),
    output: { file: join(out, 'index.mjs'), format: 'esm' },
  },
  {
    ...shared,
    input: from('src/index.ts'),
    output: { file: join(out, 'index.cjs'), format: 'cjs' },
    plugins: [
      {
        name: 'types',
        writeBundle() {
          for (const name of ['index.d.mts', 'index.d.cts']) {
            copyFileSync(from('types/index.d.ts'), join(out, name));
          }
        },
      },
    ],
  },
  {
    ...shared,
    input: from('src/cli.ts'),
    output: { file: join(out, 'cli.mjs'), format: 'esm', banner: '#!/usr/bin/env node' },
  },
]);
