/**
 * Calls that one process has read and another processes: as numbers and the few texts that only they have, 200 bytes
 * instead of 623, so that they are read once and not twice.
 *
 * What calls have in common is said once over a connection and named by a number from then on. Bytes of a call: the
 * numbers of its setting, its tool and its shape (4 each), the lengths of its texts (2 each), its numbers (8 each), its
 * texts; all little-endian.
 */
import type { Setting } from '../journal/shared-texts.ts';
import { interned } from '../process/interned.ts';
import { CallColumns, type CallSetting, NUMBER_AT, TEXT_AT } from '../receive/calls/call-columns.ts';
import { type Shape, shapeOf } from '../receive/calls/layouts.ts';
import { load, bytes as scratch, view as scratchView } from '../receive/calls/scratch.ts';

const LENGTHS_AT = 12;
const NUMBERS_AT = 20;
const TEXTS_AT = 60;
const TEXTS = [TEXT_AT.id, TEXT_AT.trace, TEXT_AT.time, TEXT_AT.tool];
const NUMBERS = Object.values(NUMBER_AT);

/** What both ends of a connection remember, a setting with a kilobyte; then they begin anew. */
const REMEMBERED = 8_192;

/** What calls have in common that are sent for the first time. */
interface News {
  /** Whether all that was said before is forgotten. */
  readonly anew: boolean;
  readonly settings: Setting[];
  readonly tools: string[];
  readonly shapes: Pick<Shape, 'outcome' | 'fault' | 'perspective' | 'origin' | 'setting'>[];
}
const noNews = (anew: boolean): News => ({ anew, settings: [], tools: [], shapes: [] });

/** What has been said over a connection, as its sender knows it. */
export class Said {
  readonly #settings = new Map<CallSetting, number>();
  readonly #tools = new Map<string, number>();
  readonly #shapes = new Map<Shape, number>();
  #news = noNews(false);

  /** To be called before the calls of a message are numbered. */
  begin(): void {
    // All of it together: senders invent names of tools, too.
    const isFull = this.#settings.size + this.#tools.size + this.#shapes.size > REMEMBERED;
    this.#news = noNews(isFull);
    if (!isFull) return;
    this.#settings.clear();
    this.#tools.clear();
    this.#shapes.clear();
  }

  setting(setting: CallSetting): number {
    const known = this.#settings.get(setting);
    if (known !== undefined) return known;
    const { server, client, user, session, source, environment } = setting;
    this.#news.settings.push({ server, client, user, session, source, environment });
    return added(this.#settings, setting);
  }

  tool(tool: string): number {
    const known = this.#tools.get(tool);
    if (known !== undefined) return known;
    this.#news.tools.push(tool);
    return added(this.#tools, tool);
  }

  shape(shape: Shape): number {
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    const { outcome, fault, perspective, origin, setting } = shape;
    this.#news.shapes.push({ outcome, fault, perspective, origin, setting });
    return added(this.#shapes, shape);
  }

  /** What the other end does not know yet; empty when it knows all. */
  news(): string {
    const { anew, settings, tools, shapes } = this.#news;
    return anew || settings.length + tools.length + shapes.length > 0 ? JSON.stringify(this.#news) : '';
  }
}

function added<K>(to: Map<K, number>, key: K): number {
  const number = to.size;
  to.set(key, number);
  return number;
}

/** The same as its receiver knows it. */
export class Heard {
  readonly #settings: CallSetting[] = [];
  readonly #tools: string[] = [];
  readonly #shapes: Shape[] = [];
  /** One call, whose texts stand in the scratch. */
  readonly #calls = new CallColumns(scratch);

  /** What is known from then on: more than before, or all of it anew. */
  with(news: string, settingOf: (setting: Setting) => CallSetting): Heard {
    if (news === '') return this;
    const { anew, settings, tools, shapes }: News = JSON.parse(news);
    const heard = anew ? new Heard() : this;
    for (const setting of settings) heard.#settings.push(settingOf(setting));
    for (const tool of tools) heard.#tools.push(interned(tool));
    for (const shape of shapes) heard.#shapes.push(shapeOf(shape, shape.origin, shape.setting));
    return heard;
  }

  /** Visits the calls that stand behind each other. */
  visit(bytes: Buffer, take: (calls: CallColumns, row: number) => void): void {
    if (!load(bytes, 0, bytes.length)) throw new Error('a process sent on more than it may at once');
    const calls = this.#calls;
    for (let at = 0; at < bytes.length; ) {
      calls.settings[0] = this.#settings[scratchView.getUint32(at, true)]!;
      calls.tools[0] = this.#tools[scratchView.getUint32(at + 4, true)]!;
      calls.shapes[0] = this.#shapes[scratchView.getUint32(at + 8, true)]!;
      for (let number = 0; number < NUMBERS.length; number++)
        calls.setNumber(0, number, scratchView.getFloat64(at + NUMBERS_AT + 8 * number, true));
      let from = at + TEXTS_AT;
      for (let i = 0; i < TEXTS.length; i++) {
        const to = from + scratchView.getUint16(at + LENGTHS_AT + 2 * i, true);
        // What it does not have ends at 0.
        calls.setText(0, TEXTS[i]!, from, to === from ? 0 : to);
        from = to;
      }
      at = from;
      take(calls, 0);
    }
  }
}

const CHUNK_BYTES = 16 * 1024;
/** That lie ready for the calls of other requests. */
const SPARE_CHUNKS = 64;

interface Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
}
const spare: Chunk[] = [];

function newChunk(): Chunk {
  const bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Calls of one request for one other process, until they are sent. */
export class CallsToSend {
  readonly #chunks: Chunk[] = [];
  /** Of each call what it has in common with others, and where it stands. */
  readonly #settings: CallSetting[] = [];
  readonly #tools: string[] = [];
  readonly #shapes: Shape[] = [];
  readonly #views: DataView[] = [];
  readonly #at: number[] = [];
  /** Where the call stands that was added last. */
  bytes: Buffer = Buffer.alloc(0);
  from = 0;
  to = CHUNK_BYTES;

  /** Takes a call that was read. */
  add(calls: CallColumns, row: number): void {
    let length = TEXTS_AT;
    for (let i = 0; i < TEXTS.length; i++) length += lengthOf(calls, row, TEXTS[i]!);
    if (this.to + length > CHUNK_BYTES) {
      const chunk = spare.pop() ?? newChunk();
      this.#chunks.push(chunk);
      this.bytes = chunk.bytes;
      this.to = 0;
    }
    const { bytes, view } = this.#chunks[this.#chunks.length - 1]!;
    const at = this.to;
    this.from = at;
    this.to += length;
    this.#settings.push(calls.settings[row]!);
    this.#tools.push(calls.tools[row]!);
    this.#shapes.push(calls.shapes[row]!);
    this.#views.push(view);
    this.#at.push(at);
    for (let number = 0; number < NUMBERS.length; number++)
      view.setFloat64(at + NUMBERS_AT + 8 * number, calls.number(row, number), true);
    let to = at + TEXTS_AT;
    for (let i = 0; i < TEXTS.length; i++) {
      const textLength = lengthOf(calls, row, TEXTS[i]!);
      view.setUint16(at + LENGTHS_AT + 2 * i, textLength, true);
      const textFrom = calls.from(row, TEXTS[i]!);
      for (let n = 0; n < textLength; n++) bytes[to++] = scratch[textFrom + n]!;
    }
  }

  /** Numbers what they have in common; what the other end does not know yet is the answer. */
  number(said: Said): string {
    if (this.#at.length === 0) return '';
    said.begin();
    for (let i = 0; i < this.#at.length; i++) {
      const view = this.#views[i]!;
      const at = this.#at[i]!;
      view.setUint32(at, said.setting(this.#settings[i]!), true);
      view.setUint32(at + 4, said.tool(this.#tools[i]!), true);
      view.setUint32(at + 8, said.shape(this.#shapes[i]!), true);
    }
    return said.news();
  }

  /** Gives their memory to others. */
  end(): void {
    for (const chunk of this.#chunks) if (spare.length < SPARE_CHUNKS) spare.push(chunk);
    this.#chunks.length = 0;
  }
}

function lengthOf(calls: CallColumns, row: number, text: number): number {
  const to = calls.to(row, text);
  return to === 0 ? 0 : to - calls.from(row, text);
}
