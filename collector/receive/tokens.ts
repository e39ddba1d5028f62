/**
 * The bearer tokens that may send events: read from a file, again whenever it changes, never logged.
 *
 * A line is a token, and may go on with what its holder is called and may send:
 *
 *     <token> name=gateway-eu events_per_second=2000
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { RateLimit } from './rate-limit.ts';

/** Kubernetes swaps a mounted secret's file by a symbolic link, which no watch of the file sees: so it is polled. */
const POLL_MS = 1_000;
const FILE_BYTES = 1024 * 1024;

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Who holds a token. */
export interface Sender {
  /** Its name in the file, or the line of its token. */
  readonly name: string;
  readonly limit: RateLimit;
}

interface Holder extends Sender {
  readonly digest: Buffer;
}

interface Line {
  readonly token: string;
  readonly name: string;
  readonly eventsPerSecond: number | undefined;
  /** What is wrong with the rest of the line; the token counts all the same. */
  readonly fault: string | undefined;
}

const NAME = /^[\w.-]{1,64}$/;
const RATE = /^[1-9][0-9]{0,8}$/;

function parseLine(text: string, number: number): Line {
  const [token = '', ...settings] = text.split(/\s+/);
  let name = `line ${number}`;
  let eventsPerSecond: number | undefined;
  let fault: string | undefined;
  for (const setting of settings) {
    const [key, value = ''] = setting.split('=', 2);
    if (key === 'name' && NAME.test(value)) name = value;
    else if (key === 'events_per_second' && RATE.test(value)) eventsPerSecond = Number(value);
    else if (key === 'name') fault = 'name must be 1 to 64 letters, digits, "_", "." or "-"';
    else if (key === 'events_per_second') fault = 'events_per_second must be a whole number from 1';
    // What stands there may be half of a token.
    else fault = 'only name=… and events_per_second=… may follow a token';
  }
  return { token, name, eventsPerSecond, fault };
}

/** Blanks and lines that start with # are left out. */
const linesOf = (text: string) =>
  text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim();
    return trimmed === '' || trimmed.startsWith('#') ? [] : [parseLine(trimmed, index + 1)];
  });

export class TokenFile {
  readonly #file: string;
  readonly #eventsPerSecond: number;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #text: string | undefined;
  #holders: readonly Holder[] = [];

  private constructor(file: string, eventsPerSecond: number, logger: Logger) {
    this.#file = file;
    this.#eventsPerSecond = eventsPerSecond;
    this.#logger = logger;
    // One at a time: on a disk that hangs, reads would pile up.
    let reading = false;
    this.#timer = setInterval(() => {
      if (reading) return;
      reading = true;
      void this.#read().finally(() => {
        reading = false;
      });
    }, POLL_MS).unref();
  }

  /**
   * Reads the file and keeps reading it. A file that is missing or holds no token admits nobody, and says so.
   * `eventsPerSecond` is the limit of each token whose line has none.
   */
  static async open(file: string, eventsPerSecond: number, logger: Logger): Promise<TokenFile> {
    const tokens = new TokenFile(file, eventsPerSecond, logger);
    await tokens.#read();
    return tokens;
  }

  /** Who sent an `authorization` header; undefined without a token of the file. Takes as long for every token. */
  senderOf(authorization: string | undefined): Sender | undefined {
    const token = /^bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const given = digest(token);
    let sender: Sender | undefined;
    for (const holder of this.#holders) if (timingSafeEqual(given, holder.digest)) sender ??= holder;
    return sender;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    let text = '';
    let problem = 'holds no token';
    try {
      text = await readFile(this.#file, 'utf8');
      if (text.length > FILE_BYTES) [text, problem] = ['', `is larger than ${FILE_BYTES} bytes`];
    } catch (error) {
      problem = `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    }
    if (text === this.#text) return;
    this.#text = text;
    const lines = linesOf(text);
    this.#holders = lines.map((line) => this.#holderOf(line));
    for (const { name, fault } of lines)
      if (fault !== undefined)
        this.#logger.error(
          `the rest of a line of the tokens file ${this.#file} is ignored (${name}): ${fault}`,
        );
    if (this.#holders.length === 0)
      this.#logger.error(
        `every event is refused, since the tokens file ${this.#file} ${problem}: write one bearer token a line`,
      );
    else this.#logger.info({ tokens: this.#holders.length }, 'read the bearer tokens');
  }

  /** A token that stays keeps what it has spent. */
  #holderOf({ token, name, eventsPerSecond = this.#eventsPerSecond }: Line): Holder {
    const ofToken = digest(token);
    const before = this.#holders.find((holder) => holder.digest.equals(ofToken));
    const limit = before?.limit.rate === eventsPerSecond ? before.limit : new RateLimit(eventsPerSecond);
    return { digest: ofToken, name, limit };
  }
}
