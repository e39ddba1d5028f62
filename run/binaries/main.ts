/** Prints where the binaries are, after finding or unpacking them. */
import { parseArgs } from 'node:util';
import { findBinaries } from './find.ts';
import { toolNames, tools } from './tools.ts';

const help = `Usage: node run/binaries/main.ts

Finds Prometheus, promtool, Alertmanager and amtool and prints name, version and path of each.
They are looked for in this order:
  1. environment variables: ${toolNames.map((tool) => tools[tool].variable).join(', ')}
  2. PATH, if new enough (Prometheus ${tools.prometheus.atLeast}, Alertmanager ${tools.alertmanager.atLeast})
  3. $XDG_CACHE_HOME/mcp-lookout/binaries (by default under ~/.cache), from an earlier run
  4. packages of this machine's own Debian mirror, unpacked into that folder and not installed
  5. the pinned container images, copied out with docker or podman into that folder
`;

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help) process.stdout.write(help);
  else {
    const binaries = await findBinaries();
    for (const tool of toolNames) {
      const { version, path } = binaries[tool];
      process.stdout.write(`${tool.padEnd(13)} ${version.padEnd(8)} ${path}\n`);
    }
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
