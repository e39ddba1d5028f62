/** The bearer tokens that may send events: read from a file, again whenever it changes, never logged. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';

/** Kubernetes swaps a mounted secret's file by a symbolic link, which no watch of the file sees: so it is polled. */
const POLL_MS = 1_000;
const FILE_BYTES = 1024 * 1024;

const digest = (text: string) => createHash('sha256').update(text).digest();

/** The digests of a file's tokens: one a line, blanks and lines that start with # left out. */
const digestsIn = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(digest);

export class TokenFile {
  readonly #file: string;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #text: string | undefined;
  #digests: readonly Buffer[] = [];

  private constructor(file: string, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#read(), POLL_MS).unref();
  }

  /** Reads the file and keeps reading it. A file that is missing or holds no token admits nobody, and says so. */
  static async open(file: string, logger: Logger): Promise<TokenFile> {
    const tokens = new TokenFile(file, logger);
    await tokens.#read();
    return tokens;
  }

  /** Whether an `authorization` header holds one of the tokens; takes as long for every token. */
  admits(authorization: string | undefined): boolean {
    const token = /^bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return false;
    const given = digest(token);
    let admitted = false;
    for (const known of this.#digests) admitted = timingSafeEqual(given, known) || admitted;
    return admitted;
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
    this.#digests = digestsIn(text);
    if (this.#digests.length === 0)
      this.#logger.error(
        `every event is refused, since the tokens file ${this.#file} ${problem}: write one bearer token a line`,
      );
    else this.#logger.info({ tokens: this.#digests.length }, 'read the bearer tokens');
  }
}
