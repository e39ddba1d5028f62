/** One keep-alive connection of the load, on a plain socket: what the sender costs must not hide what the server costs. */
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export type OnAnswer = (answer: Answer) => void;

const HEAD_END = '\r\n\r\n';
const LENGTH = 'content-length: ';
/** Shared by all connections: what was read is text before anything else is read. */
const receiving = Buffer.allocUnsafeSlow(64 * 1024);

export class Connection {
  readonly #socket: Socket;
  #received = '';
  #onAnswer: OnAnswer | undefined;
  #onError: ((error: Error) => void) | undefined;

  private constructor(port: number, connected: (error?: Error) => void) {
    const onread = {
      buffer: receiving,
      callback: (bytes: number) => {
        this.#read(receiving.toString('latin1', 0, bytes));
        return true;
      },
    };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread }, () => connected());
    this.#socket.on('error', (error) => {
      connected(error);
      this.#onError?.(error);
    });
    this.#socket.on('close', () => this.#onError?.(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(port, (error) => (error ? reject(error) : resolve(connection)));
    });
  }

  /** Told of what ends the connection while an answer is waited for. */
  onError(told: (error: Error) => void): void {
    this.#onError = told;
  }

  /** Sends one request; only when it is answered the next. */
  post(request: Buffer, answered: OnAnswer): void {
    this.#onAnswer = answered;
    this.#socket.write(request);
  }

  /** The same for who sends few requests. */
  send(head: string, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.onError(reject);
      this.post(Buffer.concat([Buffer.from(head, 'latin1'), body]), resolve);
    });
  }

  close(): void {
    this.#onError = undefined;
    this.#socket.destroy();
  }

  #read(text: string): void {
    const received = this.#received + text;
    this.#received = received;
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = lengthOf(received.slice(0, headEnd));
    if (length === undefined) {
      this.#onError?.(new Error(`an answer without a length: ${received.slice(0, headEnd)}`));
      return;
    }
    const bodyStart = headEnd + HEAD_END.length;
    if (received.length < bodyStart + length) return;
    this.#received = '';
    this.#onAnswer?.({ status: Number(received.slice(9, 12)), body: received.slice(bodyStart) });
  }
}

function lengthOf(head: string): number | undefined {
  const at = head.toLowerCase().indexOf(LENGTH);
  return at < 0 ? undefined : Number.parseInt(head.slice(at + LENGTH.length), 10);
}
