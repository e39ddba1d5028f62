/** Type-checks a changed copy of the sources, to prove which mistakes do not compile. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const copied = [
  'collector',
  'alerts',
  'dashboards',
  'stack',
  'stack.config.ts',
  'tsconfig.json',
  'package.json',
];

export interface CompileError {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** The text of the line. */
  readonly source: string;
}

export class SourceCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-types-'));

  constructor() {
    for (const path of copied) cpSync(join(root, path), join(this.folder, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Replaces text that must be there. Returns the way back. */
  replace(file: string, from: string, to: string): () => void {
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not contain: ${from}`);
    writeFileSync(path, text.replace(from, to));
    return () => writeFileSync(path, text);
  }

  add(file: string, text: string): () => void {
    const path = join(this.folder, file);
    writeFileSync(path, text);
    return () => rmSync(path);
  }

  errors(): Promise<CompileError[]> {
    const tsc = join(root, 'node_modules/.bin/tsc');
    return new Promise((done) => {
      execFile(
        process.execPath,
        [tsc, '--noEmit', '--pretty', 'false'],
        { cwd: this.folder, maxBuffer: 64 * 1024 * 1024 },
        (_, stdout) => done([...stdout.matchAll(/^([^\s(]+\.ts)\((\d+),\d+\): (.*)$/gm)].map(this.#error)),
      );
    });
  }

  #error = ([, file, line, message]: RegExpExecArray): CompileError => ({
    file: file!,
    line: Number(line),
    message: message!,
    source: readFileSync(join(this.folder, file!), 'utf8').split('\n')[Number(line) - 1] ?? '',
  });

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
