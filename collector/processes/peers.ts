/** The other processes, as one of them sees them: over Unix sockets in the data directory, which no other user may enter. */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { RejectionReason } from '../catalogue/collector-metrics.ts';
import { Refusal, unavailable } from '../receive/refusal.ts';
import { FrameWriter, onMessages } from './frames.ts';
import type { SentOn } from './outbox.ts';
import type { Parcel } from './parcel.ts';
import { Said } from './sent-calls.ts';

/** A process that is alive answers within a commit or two; beyond, the sender had better ask again. */
const TIMEOUT_MS = 10_000;
/** Linux takes no longer path of a socket. */
const LONGEST_PATH_BYTES = 107;

/** What a process answers: what became of the events, or why it took none. */
export type PeerAnswer =
  | SentOn
  | { readonly status: number; readonly reason: RejectionReason; readonly error: string };

/** Where a process takes what others send on. Throws a sentence when the path is too long for a socket. */
export function socketOf(partitionDirectory: string): string {
  const path = join(partitionDirectory, 'peer.sock');
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    throw new Error(
      `${path} is longer than the ${LONGEST_PATH_BYTES} bytes that a socket may have: choose a shorter dataDirectory, or set processes to 1`,
    );
  return path;
}

export class Peers {
  readonly own: number;
  readonly #peers: readonly Peer[];

  /** `directories`: of all processes in their order, this one's included. */
  constructor(own: number, directories: readonly string[]) {
    this.own = own;
    this.#peers = directories.map((directory) => new Peer(socketOf(directory)));
  }

  get processes(): number {
    return this.#peers.length;
  }

  /** Hands events to a process, and resolves when they are on its disk. Throws a Refusal when they are not. */
  async send(parcel: Parcel): Promise<SentOn> {
    const answer = await this.#peers[parcel.to]!.send(parcel);
    if (answer === undefined)
      throw unavailable('partition', `process ${parcel.to} of ${this.processes} is not there`);
    if (!('status' in answer)) return answer;
    throw new Refusal(answer.status, answer.reason, answer.error, { 'retry-after': '1' });
  }

  close(): void {
    for (const peer of this.#peers) peer.close();
  }
}

interface Awaited {
  readonly resolve: (answer: PeerAnswer | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

/** One of them: a connection that is made when it is needed, and made again when it broke. */
class Peer {
  readonly #path: string;
  #socket: Socket | undefined;
  #writer: FrameWriter | undefined;
  #said = new Said();
  #awaited = new Map<number, Awaited>();
  #sent = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined when it does not answer. */
  send(parcel: Parcel): Promise<PeerAnswer | undefined> {
    const number = ++this.#sent >>> 0;
    this.#socket ??= this.#connect();
    const socket = this.#socket;
    const writer = this.#writer!;
    return new Promise((resolve) => {
      // Whoever does not answer one message answers none: what else waits ends with it.
      const timer = setTimeout(() => socket.destroy(), TIMEOUT_MS);
      this.#awaited.set(number, { resolve, timer });
      const news = parcel.news(this.#said);
      writer.write(number, parcel.mostBytes(news.length), (into, at) => parcel.write(into, at, news));
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect(this.#path);
    this.#writer = new FrameWriter(socket);
    this.#said = new Said();
    const awaited = new Map<number, Awaited>();
    this.#awaited = awaited;
    onMessages(socket, (number, message) => {
      const answer = answerIn(message);
      if (answer === undefined) {
        socket.destroy();
        return;
      }
      const waiting = awaited.get(number);
      awaited.delete(number);
      clearTimeout(waiting?.timer);
      waiting?.resolve(answer);
    });
    // What follows says the same.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      for (const { resolve, timer } of awaited.values()) {
        clearTimeout(timer);
        resolve(undefined);
      }
      awaited.clear();
    });
    return socket;
  }
}

/** Undefined for what no process of this version says, such as one that an upgrade has left behind. */
function answerIn(message: Buffer): PeerAnswer | undefined {
  try {
    return JSON.parse(message.toString());
  } catch {
    return undefined;
  }
}
