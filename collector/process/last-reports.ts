/** When each perspective last reported a tool of a server. Found without joining the names, since every call asks. */
import Type, { type Static } from 'typebox';
import { type Perspective, perspectives } from '../catalogue/events.ts';

const TOOLS = 5_000;
const NEVER = 0;

/** Times in the order of `perspectives`, in milliseconds since the epoch. */
type Times = number[];

export const savedReports = Type.Array(Type.Tuple([Type.String(), Type.String(), Type.Array(Type.Number())]));

export class LastReports {
  /** The server that was first heard of first. */
  readonly #servers = new Map<string, Map<string, Times>>();
  #tools = 0;

  note(server: string, tool: string, perspective: Perspective, atMs: number): void {
    this.#timesOf(server, tool)[perspectives.indexOf(perspective)] = atMs;
  }

  /** 0 when it never has. */
  last(server: string, tool: string, perspective: Perspective): number {
    return this.#servers.get(server)?.get(tool)?.[perspectives.indexOf(perspective)] ?? NEVER;
  }

  snapshot(): Static<typeof savedReports> {
    return [...this.#servers].flatMap(([server, tools]) =>
      [...tools].map(([tool, times]): [string, string, Times] => [server, tool, [...times] as Times]),
    );
  }

  restore(saved: Static<typeof savedReports>): void {
    for (const [server, tool, times] of saved) {
      times.forEach((atMs, rank) => {
        this.#timesOf(server, tool)[rank] = atMs;
      });
    }
  }

  #timesOf(server: string, tool: string): Times {
    let tools = this.#servers.get(server);
    const known = tools?.get(tool);
    if (known) return known;
    if (this.#tools >= TOOLS) this.#forgetOldest();
    tools = this.#servers.get(server);
    if (!tools) {
      tools = new Map();
      this.#servers.set(server, tools);
    }
    const times = perspectives.map(() => NEVER);
    tools.set(tool, times);
    this.#tools++;
    return times;
  }

  #forgetOldest(): void {
    const [oldest] = this.#servers;
    if (!oldest) return;
    this.#servers.delete(oldest[0]);
    this.#tools -= oldest[1].size;
  }
}
