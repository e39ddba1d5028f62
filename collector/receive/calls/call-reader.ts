/**
 * Reads calls from bytes, without making what most calls have in common anew each time.
 *
 * `JSON.parse` takes 1.2 µs for a call of 623 bytes and makes 2 KB of it, which live until the journal has been synced and
 * are copied meanwhile by the collector of garbage. But nearly all calls are alike: written the same way each time, of
 * sessions that go on. So a call is compared with what is known (`layouts.ts`, `known-settings.ts`), and what is read of it
 * is a row of numbers (`call-columns.ts`): no text is made. It is checked against the schema on the way.
 *
 * Whatever is not plain, such as arguments, an escape, a text that is no ASCII or a way of writing that nobody has used
 * yet, is left to `JSON.parse` and the checks: they say what is valid, and this gives the same event or none.
 */
import { randomInt } from 'node:crypto';
import { ID_LENGTH, type McpEvent } from '../../catalogue/events.ts';
import { type Setting, settingOf } from '../../journal/shared-texts.ts';
import { SHOWS } from '../../process/capabilities.ts';
import { interned } from '../../process/interned.ts';
import { NO_ROW } from '../../process/session-rows.ts';
import { UNKNOWN_SESSION } from '../../processes/event-scan.ts';
import { hashOf } from '../../processes/routing.ts';
import type { Settings } from '../settings.ts';
import { type CallColumns, type CallSetting, NUMBER_AT, TEXT_AT } from './call-columns.ts';
import { mixed, spread } from './hash.ts';
import { KnownSettings } from './known-settings.ts';
import { KnownTexts, Spans } from './known-texts.ts';
import { Layouts, type Shape, stepAt, TEXT, VALUE } from './layouts.ts';
import { Numbers } from './numbers.ts';
import { beforeQuote, endOfText, firstBytes, quotesIn } from './scan.ts';
import { view } from './scratch.ts';
import { Time } from './time.ts';

const TOOLS = 4_096;
const TOOL_WORDS = 32;
const LARGEST_SIZE = 2 ** 40;
const LONGEST_DURATION_MS = 604_800_000;
const LARGEST_CODE = 2 ** 31;

export class CallReader {
  readonly #bySession: Settings;
  readonly #isOwn: (event: McpEvent) => boolean;
  readonly #seed = randomInt(2 ** 32) | 0;
  readonly #layouts = new Layouts();
  /** Of the call that is being read, by `TEXT`. */
  readonly #spans = new Spans(Object.keys(TEXT).length);
  readonly #settings = new KnownSettings(this.#spans);
  readonly #tools = new KnownTexts<string>(this.#spans, TOOLS, TOOL_WORDS);
  readonly #numbers = new Numbers();
  readonly #time = new Time();

  /** Where the call ended that was read last. */
  end = 0;
  /** Whether it was left to the other way because it is written in a way that was not known. */
  isNewWay = false;

  /** `isOwn`: whether an event, with its session's id as it was sent, belongs to this process. */
  constructor(settings: Settings, isOwn: (event: McpEvent) => boolean) {
    this.#bySession = settings;
    this.#isOwn = isOwn;
  }

  /** Reads the call that starts at a place of the scratch and ends before `limit` into a row; false when it is left to the other way. */
  read(start: number, limit: number, calls: CallColumns, row: number): boolean {
    this.isNewWay = false;
    calls.reserve(row);
    calls.setText(row, TEXT_AT.trace, 0, 0);
    let at = start;
    let steps = this.#layouts.first;
    let durationMs = Number.NaN;
    let requestBytes = Number.NaN;
    let responseBytes = Number.NaN;
    let code = Number.NaN;
    let settingHash = this.#seed;
    let toolHash = this.#seed;
    const spans = this.#spans;
    for (;;) {
      const step = stepAt(steps, at);
      if (step === undefined) {
        this.isNewWay = true;
        return false;
      }
      at += step.length;
      steps = step.next;
      switch (step.value) {
        case VALUE.end: {
          if (at > limit) return false;
          const setting = this.#settingOf(settingHash, step.shape!);
          const tool = this.#toolOf(toolHash);
          if (setting === undefined || tool === undefined) return false;
          // Whose it is, its id decides.
          if (!setting.own && setting.sessionHash === UNKNOWN_SESSION) return false;
          this.end = at;
          calls.settings[row] = setting;
          calls.tools[row] = tool;
          calls.shapes[row] = step.shape!;
          calls.setNumber(row, NUMBER_AT.durationMs, durationMs);
          calls.setNumber(row, NUMBER_AT.requestBytes, requestBytes);
          calls.setNumber(row, NUMBER_AT.responseBytes, responseBytes);
          calls.setNumber(row, NUMBER_AT.code, code);
          const toolAt = spans.starts[TEXT.tool]!;
          calls.setText(row, TEXT_AT.tool, toolAt, toolAt + spans.lengths[TEXT.tool]!);
          return true;
        }
        case VALUE.id: {
          const end = endOfText(at);
          if (end < 0 || end - at > ID_LENGTH) return false;
          calls.setText(row, TEXT_AT.id, at, end);
          at = end;
          break;
        }
        case VALUE.trace_id: {
          const end = endOfText(at);
          if (end < 0 || end - at > ID_LENGTH) return false;
          calls.setText(row, TEXT_AT.trace, at, end);
          at = end;
          break;
        }
        case VALUE.time: {
          const time = this.#time;
          if (!time.read(at)) return false;
          calls.setNumber(row, NUMBER_AT.timeMs, time.ms);
          calls.setText(row, TEXT_AT.time, at, time.isAsWritten ? 0 : time.end);
          at = time.end;
          break;
        }
        case VALUE.duration_ms:
          durationMs = this.#numbers.decimal(at);
          if (!(durationMs <= LONGEST_DURATION_MS)) return false;
          at = this.#numbers.end;
          break;
        case VALUE.request_bytes:
          requestBytes = this.#numbers.whole(at);
          if (!(requestBytes <= LARGEST_SIZE)) return false;
          at = this.#numbers.end;
          break;
        case VALUE.response_bytes:
          responseBytes = this.#numbers.whole(at);
          if (!(responseBytes <= LARGEST_SIZE)) return false;
          at = this.#numbers.end;
          break;
        case VALUE.code:
          code = this.#numbers.signed(at);
          if (!(code >= -LARGEST_CODE && code < LARGEST_CODE)) return false;
          at = this.#numbers.end;
          break;
        default: {
          const start = at;
          let hash = step.value;
          for (;;) {
            const word = view.getInt32(at, true);
            const quotes = quotesIn(word);
            if (quotes === 0) {
              hash = mixed(hash, word);
              at += 4;
              continue;
            }
            const left = beforeQuote(quotes);
            hash = mixed(hash, firstBytes(word, left));
            at += left;
            break;
          }
          const place = step.value - VALUE.text;
          spans.starts[place] = start;
          spans.lengths[place] = at - start;
          if (place === TEXT.tool) toolHash = hash;
          else settingHash = mixed(settingHash, hash);
        }
      }
    }
  }

  /** Learns how the call is written that stands in the scratch and was read in the other way. */
  learn(from: number, to: number): void {
    this.#layouts.learn(from, to);
  }

  #settingOf(hashed: number, { origin, setting: which }: Shape): CallSetting | undefined {
    const hash = spread(mixed(hashed, which));
    const known = this.#settings.find(hash, which);
    if (known !== undefined) return known;
    const spans = this.#spans;
    for (let place = 0; place < spans.starts.length; place++)
      if ((which & (1 << place)) !== 0 && !spans.isPlain(place)) return undefined;
    const setting = this.#newSetting(origin, which);
    this.#settings.add(hash, which, setting);
    return setting;
  }

  #toolOf(hashed: number): string | undefined {
    const which = 1 << TEXT.tool;
    const hash = spread(hashed);
    const known = this.#tools.find(hash, which);
    if (known !== undefined) return known;
    if (!this.#spans.isPlain(TEXT.tool)) return undefined;
    const tool = interned(this.#spans.text(TEXT.tool));
    this.#tools.add(hash, which, tool);
    return tool;
  }

  #newSetting(origin: Shape['origin'], which: number): CallSetting {
    const text = (place: number) => ((which & (1 << place)) === 0 ? undefined : this.#spans.text(place));
    const name = text(TEXT['client.name']);
    const id = text(TEXT['session.id']);
    return this.settingFor({
      server: this.#spans.text(TEXT.server),
      client: name === undefined ? undefined : { name, version: text(TEXT['client.version']) },
      user: text(TEXT.user),
      session: id === undefined ? undefined : { id, type: text(TEXT['session.type']), origin },
      source: text(TEXT.source),
      environment: text(TEXT.environment),
    } as Setting);
  }

  /** What is known of calls by what they have in common, with their session's id as it was sent. */
  settingFor({ server, client, ...rest }: Setting): CallSetting {
    const event = {
      // Things are looked for by this and the client's name, which are then compared by address.
      server: interned(server),
      client: client && { ...client, name: interned(client.name) },
      ...rest,
    } as McpEvent;
    const id = event.session?.id;
    const own = this.#isOwn(event);
    // Whose an event without a session is, other fields decide.
    const sessionHash = own || id === undefined ? UNKNOWN_SESSION : hashOf(id);
    return {
      ...(event as Setting),
      own,
      sessionHash,
      text: own ? (this.#bySession.of(event) ?? settingOf(event)) : undefined,
      shows:
        (id === undefined ? 0 : SHOWS.sessions) |
        (event.client === undefined ? 0 : SHOWS.clients) |
        (event.user === undefined ? 0 : SHOWS.users),
      tools: undefined,
      textAt: -1,
      texts: this.#settings.view,
      sessionRow: NO_ROW,
      sessionGeneration: 0,
    };
  }
}
