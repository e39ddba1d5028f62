import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Who may import whom; a room may always import itself. `ARCHITECTURE.md` says the same in words. */
const arrows: Record<string, readonly string[]> = {
  'collector/catalogue': [],
  collector: ['collector/catalogue', 'collector/audit'],
  'collector/audit': ['collector/catalogue', 'collector'],
  alerts: ['collector/catalogue'],
  dashboards: ['collector/catalogue', 'alerts'],
  stack: ['collector/catalogue', 'collector/config.ts', 'alerts', 'dashboards'],
  charts: ['collector/catalogue', 'collector/config.ts', 'alerts', 'dashboards', 'stack', 'stack.config.ts'],
  run: ['collector/catalogue', 'collector', 'alerts', 'dashboards', 'stack', 'stack.config.ts'],
  bench: [
    'collector/catalogue',
    'collector',
    'collector/audit',
    'alerts',
    'dashboards',
    'stack',
    'stack.config.ts',
    'run',
  ],
  eval: ['collector/catalogue', 'collector', 'run'],
  observe: [],
};
const rooms = Object.keys(arrows);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?ts$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file));
}

/** The innermost room a file is in. */
const roomOf = (file: string) =>
  rooms.filter((room) => file.startsWith(`${room}/`)).sort((a, b) => b.length - a.length)[0];

const importsOf = (file: string) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    ([, path]) => relative(root, resolve(root, dirname(file), path!)),
  );

function againstTheArrows(file: string): string[] {
  const room = roomOf(file)!;
  const allowed = [room, ...arrows[room]!];
  return importsOf(file)
    .filter((target) => !allowed.some((to) => target === to || roomOf(target) === to))
    .map((target) => `${file} imports ${target}`);
}

describe('imports point one way', () => {
  test.each(rooms)('%s imports only what it may', (room) => {
    const files = sources(room).filter((file) => roomOf(file) === room);
    expect(files, `${room} has files`).not.toEqual([]);
    expect(files.flatMap(againstTheArrows)).toEqual([]);
  });

  test.each(['receive', 'journal', 'process'])(
    'collector/%s, which accepts events, knows of no index',
    (folder) => {
      const imports = sources(`collector/${folder}`).flatMap(importsOf);
      expect(imports.length).toBeGreaterThan(10);
      expect(imports.filter((target) => roomOf(target) === 'collector/audit')).toEqual([]);
    },
  );

  test('every folder of code is a room', () => {
    const known = new Set([...rooms.map((room) => room.split('/')[0]), 'test']);
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist$|docs$)/.test(entry.name))
      .filter((entry) => sources(entry.name).length > 0)
      .map((entry) => entry.name);
    expect(folders.filter((folder) => !known.has(folder))).toEqual([]);
  });

  test('an import against the arrows is found', () => {
    expect(roomOf('collector/catalogue/events.ts')).toBe('collector/catalogue');
    expect(importsOf('stack/collector.ts')).toContain('collector/config.ts');
    expect(importsOf('test/imports.test.ts')).toEqual([]);
  });
});
