/** Takes the events that other processes send on: the same as from a sender, but for the question whose they are. */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CollectorConfig } from '../config.ts';
import type { Setting } from '../journal/shared-texts.ts';
import type { Admission } from '../receive/admission.ts';
import type { CallSetting } from '../receive/calls/call-columns.ts';
import { BytesInFlight } from '../receive/in-flight.ts';
import type { Intake } from '../receive/intake.ts';
import { visitText } from '../receive/json-events.ts';
import { overloaded, Refusal, unavailable } from '../receive/refusal.ts';
import { EventScan } from './event-scan.ts';
import { FrameWriter, onMessages } from './frames.ts';
import { type Opened, open, RUN_BYTES } from './parcel.ts';
import { type PeerAnswer, socketOf } from './peers.ts';
import { Heard } from './sent-calls.ts';

const OPEN_BRACKET_BYTES = 1;
const CLOSE_BRACKET_BYTES = 1;
const COMMA_BYTES = 1;
const scan = new EventScan();

/** Listens until it is closed. What is left of a process that was killed is in nobody's way. */
export async function servePeers(
  { dataDirectory, limits }: CollectorConfig,
  intake: Intake,
): Promise<() => Promise<void>> {
  const path = socketOf(dataDirectory);
  await rm(path, { force: true });
  const inFlight = new BytesInFlight(limits.bytesInFlight);

  async function take({ sourceKind, runs }: Opened, heard: Heard, bytes: number): Promise<PeerAnswer> {
    const claim = inFlight.claim();
    try {
      if (!claim.add(bytes)) throw overloaded();
      const admission = intake.beginSentOn(sourceKind, claim);
      const quickly = intake.quick.for(admission);
      let inTurn = 0;
      for (const { isCalls, bytes: run } of runs) {
        if (inTurn + run.length > RUN_BYTES && inTurn > 0) {
          inTurn = 0;
          await nextTurn();
        }
        inTurn += run.length;
        if (isCalls) heard.visit(run, (calls, row) => admission.readCall(calls, row));
        else if (!quickly(run, OPEN_BRACKET_BYTES, run.length - CLOSE_BRACKET_BYTES, limits.eventsPerRequest))
          admit(run, admission);
      }
      return await admission.commit();
    } catch (error) {
      const refusal = error instanceof Refusal ? error : failed(error as Error);
      return { status: refusal.status, reason: refusal.reason, error: refusal.message };
    } finally {
      claim.release();
    }
  }

  /** Nobody else says why: what is sent on is a refusal like any other. */
  function failed({ stack }: Error): Refusal {
    intake.parts.logger.error({ error: stack }, 'events that another process sent on could not be taken');
    return unavailable('internal', 'the events could not be processed');
  }

  const connections = new Set<Connection>();
  const server = createServer((socket) => {
    const connection = new Connection(socket, (setting) => intake.reader.settingFor(setting), take);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const connection of connections) connection.finish();
    await closed;
  };
}

/** Of one other process, which says what it has to say over one connection. */
class Connection {
  readonly #socket: Socket;
  readonly #writer: FrameWriter;
  #heard = new Heard();
  #unanswered = 0;
  #finishing = false;

  constructor(
    socket: Socket,
    settingOf: (setting: Setting) => CallSetting,
    take: (opened: Opened, heard: Heard, bytes: number) => Promise<PeerAnswer>,
  ) {
    this.#socket = socket;
    this.#writer = new FrameWriter(socket);
    onMessages(socket, async (number, message) => {
      // Its sender hears that the connection has ended, and takes it for what it is.
      if (this.#finishing) return;
      const opened = this.#open(message, settingOf);
      if (opened === undefined) {
        socket.destroy();
        return;
      }
      this.#unanswered++;
      const text = Buffer.from(JSON.stringify(await take(opened, this.#heard, message.length)));
      if (socket.writable) this.#writer.write(number, text.length, (into, at) => at + text.copy(into, at));
      this.#unanswered--;
      if (this.#finishing) this.finish();
    });
    socket.on('error', () => {});
  }

  /** Answers what it has taken, takes nothing more, and ends. */
  finish(): void {
    this.#finishing = true;
    if (this.#unanswered > 0) return;
    this.#writer.flush();
    this.#socket.destroySoon();
  }

  /** Undefined for what no process of this version says, such as one that an upgrade has left behind. */
  #open(message: Buffer, settingOf: (setting: Setting) => CallSetting): Opened | undefined {
    try {
      const opened = openToKeep(message);
      // In the order in which it comes, since what follows builds on it.
      this.#heard = this.#heard.with(opened.news, settingOf);
      return opened;
    } catch {
      return undefined;
    }
  }
}

/** What takes several turns of the event loop needs bytes of its own. */
const openToKeep = (message: Buffer): Opened =>
  open(message.length > RUN_BYTES ? Buffer.from(message) : message);

/** Takes the events of a run. One that is not JSON costs no other. */
function admit(run: Buffer, admission: Admission): void {
  let events: unknown[];
  try {
    events = JSON.parse(run.toString());
  } catch {
    admitEach(run, admission);
    return;
  }
  for (const event of events) admission.event(event);
}

/** As they were cut by who sent them on. */
function admitEach(run: Buffer, admission: Admission): void {
  for (let from = OPEN_BRACKET_BYTES, to: number; from < run.length; from = to + COMMA_BYTES) {
    to = scan.end(run, from, run.length, Number.POSITIVE_INFINITY);
    if (to < 0) throw new Error('a process sent on what it cannot have cut');
    visitText(run.toString('utf8', from, to), 'event', admission);
  }
}
