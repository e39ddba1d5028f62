/**
 * An open session, as a look at its row: made for each event and gone with it. It must not be kept: when the session
 * ends, its row becomes another's.
 */
import { UNKNOWN } from '../catalogue/labels.ts';
import type { Position } from '../journal/segment.ts';
import { CallsOfRow } from './calls-of-row.ts';
import type { Watched } from './detect/watched.ts';
import { NO_NAME } from './names.ts';
import { notePlaceInRow, placesInRow } from './places-of-row.ts';
import { savedCalls } from './recent-calls.ts';
import type { Place, SavedSession, Session } from './session.ts';
import { field, type SessionRows } from './session-rows.ts';

export class OpenSession {
  readonly row: number;
  readonly #rows: SessionRows;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #at: number;

  constructor(rows: SessionRows, row: number) {
    this.row = row;
    this.#rows = rows;
    this.#words = rows.words(row);
    this.#doubles = rows.doubles(row);
    this.#at = rows.start(row);
  }

  /** What its first event says, which has yet to be counted. */
  begin(type: string, server: string, timeMs: number, receivedMs: number): void {
    this.type = type;
    this.server = server;
    this.client = UNKNOWN;
    this.startedMs = timeMs;
    this.lastMs = timeMs;
    this.lastReceivedMs = receivedMs;
  }

  /** What was saved of it. */
  load({ tools, recentCalls, places, id: _, lateEvents: _late, end: _end, ...facts }: SavedSession): void {
    Object.assign(this, facts);
    for (const [tool, calls] of tools) this.addTool(tool, calls);
    for (const { endpoint, responseBytes } of recentCalls) this.recentCalls.add(endpoint, responseBytes);
    for (const place of places) this.notePlace(place);
  }

  /** Keyed hash of the id that the server gave it. */
  get id(): string {
    return this.#rows.ids[this.row] as string;
  }

  /** How many sessions its row had before. */
  get generation(): number {
    return this.#words[this.#at + field.generation]!;
  }

  /** What the detectors remember of it. It holds what was said, so it is never saved. */
  get watched(): Watched | undefined {
    return this.#rows.watched[this.row];
  }
  set watched(watched: Watched | undefined) {
    this.#rows.watched[this.row] = watched;
  }

  get startedMs(): number {
    return this.#doubles[(this.#at + field.startedMs) / 2]!;
  }
  set startedMs(ms: number) {
    this.#doubles[(this.#at + field.startedMs) / 2] = ms;
  }
  get lastMs(): number {
    return this.#doubles[(this.#at + field.lastMs) / 2]!;
  }
  set lastMs(ms: number) {
    this.#doubles[(this.#at + field.lastMs) / 2] = ms;
  }
  get lastReceivedMs(): number {
    return this.#doubles[(this.#at + field.lastReceivedMs) / 2]!;
  }
  set lastReceivedMs(ms: number) {
    this.#doubles[(this.#at + field.lastReceivedMs) / 2] = ms;
  }

  get events(): number {
    return this.#words[this.#at + field.events]!;
  }
  set events(count: number) {
    this.#words[this.#at + field.events] = count;
  }
  get calls(): number {
    return this.#words[this.#at + field.calls]!;
  }
  set calls(count: number) {
    this.#words[this.#at + field.calls] = count;
  }
  get errors(): number {
    return this.#words[this.#at + field.errors]!;
  }
  set errors(count: number) {
    this.#words[this.#at + field.errors] = count;
  }
  get refused(): number {
    return this.#words[this.#at + field.refused]!;
  }
  set refused(count: number) {
    this.#words[this.#at + field.refused] = count;
  }
  get denials(): number {
    return this.#words[this.#at + field.denials]!;
  }
  set denials(count: number) {
    this.#words[this.#at + field.denials] = count;
  }
  get dlpBlocks(): number {
    return this.#words[this.#at + field.dlpBlocks]!;
  }
  set dlpBlocks(count: number) {
    this.#words[this.#at + field.dlpBlocks] = count;
  }
  get authFailures(): number {
    return this.#words[this.#at + field.authFailures]!;
  }
  set authFailures(count: number) {
    this.#words[this.#at + field.authFailures] = count;
  }

  get type(): string {
    return this.#name(field.type) as string;
  }
  set type(type: string) {
    this.#setName(field.type, type);
  }
  get server(): string {
    return this.#name(field.server) as string;
  }
  set server(server: string) {
    this.#setName(field.server, server);
  }
  get client(): string {
    return this.#name(field.client) as string;
  }
  set client(client: string) {
    this.#setName(field.client, client);
  }
  get user(): string | undefined {
    return this.#name(field.user);
  }
  set user(user: string) {
    this.#setName(field.user, user);
  }
  get environment(): string | undefined {
    return this.#name(field.environment);
  }
  set environment(environment: string) {
    this.#setName(field.environment, environment);
  }
  get typeGiven(): boolean {
    return this.#words[this.#at + field.typeGiven] !== 0;
  }
  set typeGiven(given: boolean) {
    this.#words[this.#at + field.typeGiven] = given ? 1 : 0;
  }

  get distinctTools(): number {
    return this.#words[this.#at + field.toolCount]!;
  }

  /** Counts calls to a tool that it has called before; false when it has not. */
  countTool(endpoint: string): boolean {
    const name = this.#rows.names.find(endpoint);
    return name !== NO_NAME && this.countNamedTool(name);
  }

  /** As `countTool`, of an endpoint by its number among the names. */
  countNamedTool(name: number): boolean {
    const count = this.distinctTools;
    if (count === 0) return false;
    const [page, first] = this.#toolList();
    for (let i = first; i < first + 2 * count; i += 2) {
      if (page[i] !== name) continue;
      page[i + 1]!++;
      return true;
    }
    return false;
  }

  /** Adds a tool that it has not called before. */
  addTool(endpoint: string, calls = 1): void {
    const { names } = this.#rows;
    const name = names.hold(endpoint);
    this.addNamedTool(name, calls);
    names.release(name);
  }

  /** As `addTool`, of an endpoint by its number among the names. */
  addNamedTool(name: number, calls = 1): void {
    const words = this.#words;
    const { blocks, names } = this.#rows;
    const used = 2 * this.distinctTools;
    const address = blocks.withRoom(words[this.#at + field.tools]!, used, 2);
    words[this.#at + field.tools] = address;
    words[this.#at + field.toolCount]!++;
    const page = blocks.pageOf(address);
    const at = blocks.indexOf(address) + used;
    names.holdAgain(name);
    page[at] = name;
    page[at + 1] = calls;
  }

  /** Calls by tool, each tool with its server; a copy. */
  get tools(): Map<string, number> {
    const tools = new Map<string, number>();
    const count = this.distinctTools;
    if (count === 0) return tools;
    const [page, first] = this.#toolList();
    for (let i = first; i < first + 2 * count; i += 2)
      tools.set(this.#rows.names.text(page[i]!), page[i + 1]!);
    return tools;
  }

  /** Remembers where an event of the session stands. */
  notePlace(position: Position): void {
    notePlaceInRow(this.#rows.blocks, this.#words, this.#at, position);
  }

  /** Where in the journal its events stand; a copy. */
  get places(): Place[] {
    return placesInRow(this.#rows.blocks, this.#words, this.#at);
  }

  /** Its last calls: what a later call could pass on. */
  get recentCalls(): CallsOfRow {
    return new CallsOfRow(this.#rows, this.row);
  }

  /** What only an ended session has. */
  get end(): undefined {
    return undefined;
  }

  get lateEvents(): number {
    return 0;
  }

  /** As it is now, in a snapshot. */
  saved(): SavedSession {
    const { tools, ...facts } = this.copy();
    return {
      ...facts,
      typeGiven: this.typeGiven,
      recentCalls: savedCalls(this.recentCalls),
      tools: [...tools],
    };
  }

  /** As it is now, to be kept. */
  copy(): Session {
    return { ...this.facts(), tools: this.tools, places: this.places };
  }

  /** The same without its tools and places. */
  facts(): Omit<Session, 'tools' | 'places'> {
    const { user, environment } = this;
    return {
      id: this.id,
      type: this.type,
      server: this.server,
      client: this.client,
      ...(user === undefined ? {} : { user }),
      ...(environment === undefined ? {} : { environment }),
      startedMs: this.startedMs,
      lastMs: this.lastMs,
      lastReceivedMs: this.lastReceivedMs,
      events: this.events,
      calls: this.calls,
      errors: this.errors,
      refused: this.refused,
      denials: this.denials,
      dlpBlocks: this.dlpBlocks,
      authFailures: this.authFailures,
      lateEvents: this.lateEvents,
    };
  }

  #name(of: number): string | undefined {
    const name = this.#words[this.#at + of]!;
    return name === NO_NAME ? undefined : this.#rows.names.text(name);
  }

  #setName(of: number, text: string): void {
    const { names } = this.#rows;
    const before = this.#words[this.#at + of]!;
    this.#words[this.#at + of] = names.hold(text);
    names.release(before);
  }

  /** The page of its tools, and where in it they begin. */
  #toolList(): readonly [Uint32Array, number] {
    const { blocks } = this.#rows;
    const address = this.#words[this.#at + field.tools]!;
    return [blocks.pageOf(address), blocks.indexOf(address)];
  }
}
