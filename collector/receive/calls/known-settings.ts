/**
 * What the calls of a session have in common, found by the bytes of their texts.
 *
 * What is compared with a call is the text that the journal keeps of its setting, in which nearly all of it stands; so that
 * memory has been fetched when the record is written, and is copied from here. Sessions are many, and to wait for their
 * memory is most of what they cost. An entry has one of four places by its hash, and a new one takes the place of an old
 * one: the table neither grows nor has long ways, whatever names senders invent. The hash begins with a secret, so that
 * nobody can aim at a place.
 */

import type { CallSetting } from './call-columns.ts';
import { placeFor, WAYS } from './hash.ts';
import type { Spans } from './known-texts.ts';
import { TEXT } from './layouts.ts';
import { firstBytes } from './scan.ts';
import { bytes as scratch, view as scratchView } from './scratch.ts';

/** Sessions that are known at most, each with 640 bytes. */
const PLACES = 16_384;
const BYTES = 640;
/** Whatever is read at the end of the last entry stays within. */
const BEHIND = 8;
/** Four bytes each: the hash, which texts it has, and where each of them stands, with its length in the lower half. */
const HASH = 0;
const WHICH = 4;
const TEXTS = 8;
const FIRST_TEXT = TEXTS + Object.keys(TEXT).length * 4;
const LENGTH_BITS = 16;
const LENGTH_MASK = 2 ** LENGTH_BITS - 1;

/** What stands before each text in the setting's. Texts are plain, so it stands nowhere else. */
const keys = Object.entries(TEXT).flatMap(([path, text]) =>
  text === TEXT.tool || text === TEXT['session.id'] ? [] : [[text, `"${path.split('.').at(-1)}":"`] as const],
);

export class KnownSettings {
  readonly #spans: Spans;
  readonly #bytes = Buffer.alloc(PLACES * BYTES + BEHIND);
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);
  readonly #settings: (CallSetting | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  #next = 0;

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  /** What is known by these texts: the bits of `which` say which ones they are, those above say more that must be the same. */
  find(hash: number, which: number): CallSetting | undefined {
    const first = hash & (PLACES - 1);
    for (let way = 0; way < WAYS; way++)
      if (this.#holds((first ^ way) * BYTES, hash, which)) return this.#settings[first ^ way];
    return undefined;
  }

  /** Remembers a setting by texts that are not known. One that is too long is not remembered. */
  add(hash: number, which: number, setting: CallSetting): void {
    const { starts, lengths } = this.#spans;
    const { text = '' } = setting.text ?? {};
    const idLength = (which & (1 << TEXT['session.id'])) === 0 ? 0 : lengths[TEXT['session.id']]!;
    // Of another process's session the journal keeps nothing here, so its texts stand behind each other.
    const kept = setting.own
      ? text
      : keys.map(([name, key]) => (which & (1 << name) ? key + this.#spans.text(name) : '')).join('');
    const textFrom = FIRST_TEXT + idLength;
    if (textFrom + kept.length > BYTES) return;
    const place = placeFor(this.#settings, hash, this.#next++);
    const at = place * BYTES;
    const replaced = this.#settings[place];
    if (replaced !== undefined) replaced.textAt = -1;
    this.#settings[place] = setting;
    this.#view.setInt32(at + HASH, hash, true);
    this.#view.setInt32(at + WHICH, which, true);
    const stands = (name: number, from: number) =>
      this.#view.setInt32(at + TEXTS + name * 4, (from << LENGTH_BITS) | lengths[name]!, true);
    if (idLength > 0) {
      const start = starts[TEXT['session.id']]!;
      scratch.copy(this.#bytes, at + FIRST_TEXT, start, start + idLength);
      stands(TEXT['session.id'], FIRST_TEXT);
    }
    this.#bytes.write(kept, at + textFrom, 'latin1');
    for (const [name, key] of keys)
      if ((which & (1 << name)) !== 0) stands(name, textFrom + kept.indexOf(key) + key.length);
    if (setting.own) setting.textAt = at + textFrom;
  }

  /** The bytes in which the text of a setting stands, at its `textAt`. */
  get view(): DataView {
    return this.#view;
  }

  #holds(at: number, hash: number, which: number): boolean {
    const view = this.#view;
    if (view.getInt32(at + HASH, true) !== hash || view.getInt32(at + WHICH, true) !== which) return false;
    const { starts, lengths } = this.#spans;
    for (let name = 0; name < starts.length; name++) {
      if ((which & (1 << name)) === 0) continue;
      const length = lengths[name]!;
      const stands = view.getInt32(at + TEXTS + name * 4, true);
      if ((stands & LENGTH_MASK) !== length) return false;
      const other = at + (stands >>> LENGTH_BITS) - starts[name]!;
      let from = starts[name]!;
      for (const whole = from + (length & ~3); from < whole; from += 4)
        if (scratchView.getInt32(from, true) !== view.getInt32(other + from, true)) return false;
      const rest = length & 3;
      if (
        rest !== 0 &&
        firstBytes(scratchView.getInt32(from, true) ^ view.getInt32(other + from, true), rest) !== 0
      )
        return false;
    }
    return true;
  }
}
