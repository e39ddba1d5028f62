/**
 * Texts that come again and again, such as methods and tool names: finding one costs less than making it anew. Holds
 * short ASCII texts only, so that a text's code units are its bytes.
 */
const SLOTS = 4_096;
const LONGEST = 64;

export class TextCache {
  readonly #texts: string[] = Array.from({ length: SLOTS }, () => '');

  /** The UTF-8 text that stands at `start` to `end`. */
  text(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > LONGEST) return bytes.toString('utf8', start, end);
    const slot = slotOf(bytes, start, length);
    const cached = this.#texts[slot] as string;
    if (cached.length === length && equals(cached, bytes, start)) return cached;
    const text = bytes.toString('utf8', start, end);
    // Any other text has fewer code units than bytes, or replacement characters, which equal no byte.
    if (text.length === length) this.#texts[slot] = text;
    return text;
  }
}

function equals(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

/** From the length and five of the bytes. */
function slotOf(bytes: Buffer, start: number, length: number): number {
  const at = (part: number) => bytes[start + ((part * (length - 1)) >>> 2)] as number;
  const mixed = at(0) + 31 * (at(1) + 31 * (at(2) + 31 * (at(3) + 31 * at(4))));
  return (mixed ^ (length * 397)) & (SLOTS - 1);
}
