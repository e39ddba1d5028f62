/** Addresses, URLs and accounts that a text names: what a call is aimed at, however the words around it are chosen. */

/** Entities taken from one text. */
const MAXIMUM_ENTITIES = 8;
/** Looked at of one text. */
const MAXIMUM_LENGTH = 4_096;

// Every repetition is bounded, so that no text makes the search long.
const ADDRESS = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g;
const URL = /(?:https?:\/\/|www\.)[^\s"'<>()\\]{3,200}/gi;
const ACCOUNT = /\b[A-Z]{2}\d{2}[A-Z0-9]{8,30}\b/g;

/** In lower case, each once; a URL without its scheme, query and trailing marks. */
export function entitiesOf(text: string): string[] {
  const looked = text.length > MAXIMUM_LENGTH ? text.slice(0, MAXIMUM_LENGTH) : text;
  const found = new Set<string>();
  const take = (pattern: RegExp, shape: (match: string) => string) => {
    for (const [match] of looked.matchAll(pattern)) {
      if (found.size >= MAXIMUM_ENTITIES) return;
      found.add(shape(match));
    }
  };
  if (looked.includes('@')) take(ADDRESS, (match) => match.toLowerCase().replace(/\.+$/, ''));
  if (looked.includes('://') || /www\./i.test(looked)) take(URL, bareUrl);
  if (/\d{3}/.test(looked)) take(ACCOUNT, (match) => match.toLowerCase());
  return [...found];
}

const bareUrl = (match: string) =>
  match
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/[?#].*$/, '')
    .replace(/[.,;:!/]+$/, '');

/** The host, domain or account behind an entity: `a@b.example` and `b.example/x` are both of `b.example`. */
export function ownerOf(entity: string): string {
  const at = entity.lastIndexOf('@');
  const host = (at < 0 ? entity : entity.slice(at + 1)).split('/', 1)[0] as string;
  return host.replace(/^www\./, '');
}
