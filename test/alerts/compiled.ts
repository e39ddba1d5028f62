/** Compiled alerts as files, and the real programs that judge them. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AlertsConfig, type CompiledAlerts, compileAlerts } from '../../alerts/compile.ts';
import type { AlertOverrides } from '../../alerts/overrides.ts';
import type { Receivers } from '../../alerts/routing/receivers.ts';
import { findBinaries } from '../../run/binaries/find.ts';

export const configOf = (alerts: AlertOverrides = {}, receivers: Receivers = {}): AlertsConfig => ({
  namespace: 'mcp-lookout',
  alerts,
  receivers,
});

/** A folder below the system's one for temporary files, with these files in it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'mcp-lookout-alerts-'));

  write(file: string, text: string): string {
    const path = join(this.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Rule files in the folder, their unit tests below `tests`. */
export function writeRules(folder: Folder, { rules, tests }: CompiledAlerts): void {
  for (const [file, text] of Object.entries(rules)) folder.write(file, text);
  for (const [file, text] of Object.entries(tests)) folder.write(`tests/${file}`, text);
}

export interface Verdict {
  readonly ok: boolean;
  /** Both outputs. */
  readonly text: string;
}

/** Runs one of the programs to its end. */
export async function judge(
  tool: 'promtool' | 'amtool',
  args: readonly string[],
  cwd?: string,
): Promise<Verdict> {
  const { path } = (await findBinaries())[tool];
  return new Promise((done) => {
    execFile(path, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      done({ ok: error === null, text: stdout + stderr }),
    );
  });
}

/** What promtool says of the unit tests of alerts that are configured like this. */
export async function runUnitTests(alerts: AlertOverrides): Promise<Verdict> {
  const folder = new Folder();
  try {
    const compiled = compileAlerts(configOf(alerts));
    writeRules(folder, compiled);
    const files = Object.keys(compiled.tests).map((file) => `tests/${file}`);
    return await judge('promtool', ['test', 'rules', ...files], folder.path);
  } finally {
    folder.remove();
  }
}
