/**
 * What a tool's name says it does: the last resort, after the operator's registry and the server's annotations.
 *
 * Names are taken apart first (`gmail/sendEmail`, `send-email`, `send_email` are the words send and email), since a
 * pattern over raw names misses most tools of real servers.
 */
import type { ToolRisk } from './call.ts';

/** Names remembered; callers can make them up. */
const MOST_NAMES = 4_096;

/** The words of a tool's name without its server's prefix, in lower case. */
export function wordsOf(tool: string): string[] {
  const own = tool.slice(tool.lastIndexOf('/') + 1);
  return own
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** Tools whose names say something, each name taken apart once. */
export class ToolNames {
  readonly #known = new Map<string, boolean>();
  readonly #says: (words: readonly string[]) => boolean;

  constructor(says: (words: readonly string[]) => boolean) {
    this.#says = says;
  }

  has(tool: string): boolean {
    let known = this.#known.get(tool);
    if (known === undefined) {
      known = this.#says(wordsOf(tool));
      if (this.#known.size >= MOST_NAMES) this.#known.clear();
      this.#known.set(tool, known);
    }
    return known;
  }
}

const words = (list: string) => new Set(list.split(' '));

/** Changes something at whatever it names. */
const sinkVerbs = words(
  'send post reply forward share publish upload push pay transfer schedule create add invite remove delete update set write edit append move rename grant revoke reset execute run exec cancel book buy order submit notify approve merge commit deploy insert drop kill restart unlock open disable enable install',
);
/** Carries data to somebody else. */
const outwardVerbs = words(
  'send post reply forward share publish upload push pay transfer invite submit notify webhook tweet',
);
const outwardNouns = words(
  'email mail message webhook tweet sms payment transaction money invite webpage http request url',
);
const readVerbs = words(
  'get read list search fetch find query lookup show view download browse open retrieve check describe extract scrape status poll wait await watch',
);
/** Where third parties write. */
const untrustedNouns = words(
  'email emails mail mails inbox message messages channel webpage web page pages url site website http html feed rss comment comments issue issues ticket tickets review reviews file files document documents doc docs transcript transcription attachment notes tweet tweets post posts event events calendar transactions pull',
);
const untrustedVerbs = words('fetch browse scrape crawl');
const secretNouns = words(
  'secret secrets credential credentials password passwords token tokens key keys keystore vault env environment config configuration ssh certificate',
);

const some = (of: readonly string[], set: ReadonlySet<string>) => of.some((word) => set.has(word));

export function riskByName(tool: string): ToolRisk {
  const own = wordsOf(tool);
  const sink = some(own, sinkVerbs);
  const reads = some(own, readVerbs) || !sink;
  const outward = some(own, outwardVerbs) || (sink && some(own, outwardNouns));
  return {
    untrusted: (reads && some(own, untrustedNouns)) || some(own, untrustedVerbs),
    sensitive: reads,
    sink,
    outward,
    secret: reads && some(own, secretNouns),
    provenance: 'name',
  };
}
