/** Where this machine's apt gets its packages from, read from both formats that apt knows (sources.list(5)). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Options that say how the source is trusted, by their deb822 names; passed on as they are. */
  readonly trust: Readonly<Record<string, string>>;
}

const trustOptions = ['Signed-By', 'Trusted', 'Check-Valid-Until', 'Check-Date'];
const words = (text = '') => text.split(/\s+/).filter(Boolean);

function trustOf(option: (name: string) => string | undefined): Record<string, string> {
  const pairs = trustOptions.map((name) => [name, option(name.toLowerCase())] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** One line is one source: `deb [signed-by=/a.gpg] http://mirror/debian bookworm main`. */
export function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match =
      /^\s*deb\s+(?:\[(?<options>[^\]]*)\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>[^#]*)/.exec(line);
    if (!match?.groups) return [];
    const { options, uri, suite, components } = match.groups as Record<string, string>;
    const given = new Map(words(options).map((pair) => pair.split('=', 2) as [string, string]));
    return [
      { uri: uri!, suites: [suite!], components: words(components), trust: trustOf((o) => given.get(o)) },
    ];
  });
}

/** A stanza is a source for each of its URIs; fields may go on over indented lines. */
export function parseDeb822(text: string): AptSource[] {
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const [, name, value] of stanza.matchAll(/^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)) {
      fields.set(name!.toLowerCase(), value!.trimEnd());
    }
    if (!words(fields.get('types')).includes('deb') || fields.get('enabled')?.toLowerCase() === 'no')
      return [];
    return words(fields.get('uris')).map((uri) => ({
      uri,
      suites: words(fields.get('suites')),
      components: words(fields.get('components')),
      trust: trustOf((option) => fields.get(option)),
    }));
  });
}

/** Every source of a machine, in the order apt reads them. */
export function readAptSources(folder = '/etc/apt'): AptSource[] {
  const parts = join(folder, 'sources.list.d');
  const files = [
    join(folder, 'sources.list'),
    ...(existsSync(parts)
      ? readdirSync(parts)
          .sort()
          .map((file) => join(parts, file))
      : []),
  ];
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      if (file.endsWith('.list')) return parseOneLine(readFileSync(file, 'utf8'));
      return file.endsWith('.sources') ? parseDeb822(readFileSync(file, 'utf8')) : [];
    });
}

/**
 * The mirrors that carry whole releases: those with a plain suite such as `bookworm`, not only `bookworm-security`, and
 * the component `main`. Each comes once.
 */
export function releaseMirrors(sources: readonly AptSource[]): AptSource[] {
  const mirrors = sources.filter(
    ({ suites, components }) => components.includes('main') && suites.some((suite) => /^[a-z]+$/.test(suite)),
  );
  return mirrors.filter(({ uri }, i) => mirrors.findIndex((other) => other.uri === uri) === i);
}

/** The text of a `.sources` file with one suite of a mirror, package index only. */
export function sourcesFile({ uri, components, trust }: AptSource, suite: string): string {
  const fields = {
    Types: 'deb',
    URIs: uri,
    Suites: suite,
    Components: components.filter((component) => component === 'main' || component === 'universe').join(' '),
    Targets: 'Packages',
    ...trust,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}
