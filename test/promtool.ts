/** What promtool finds wrong with the text of a scrape; empty when nothing. */
import { execFile } from 'node:child_process';
import { findBinaries } from '../run/binaries/find.ts';

export async function promtoolFaults(text: string): Promise<string> {
  const { promtool } = await findBinaries();
  return new Promise((resolve, reject) => {
    const child = execFile(promtool.path, ['check', 'metrics'], (error, stdout, stderr) => {
      if (error && error.code !== 3 && error.code !== 1) reject(error);
      else resolve(stdout + stderr);
    });
    child.stdin!.end(text);
  });
}
