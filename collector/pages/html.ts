/** HTML as values: a template that escapes whatever is put into it, unless that is HTML made the same way. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Html | string | number | undefined | readonly Content[];

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Controls and invisible formatting, which could reorder or hide what a reader sees; line breaks and tabs stay. */
const INVISIBLE = /[^\P{C}\n\t]/gu;

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, '\ufffd')
    .replace(/[&<>"']/g, (character) => escapes[character] as string);
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escaped(String(content));
}

export const html = (parts: TemplateStringsArray, ...contents: readonly Content[]): Html =>
  new Html(parts.map((part, i) => part + render(contents[i])).join(''));
