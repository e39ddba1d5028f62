/** What sessions can be asked for, in the index and in memory alike. */
import type { SessionEnd } from '../process/session.ts';
import type { SessionRecord, SessionSummary } from './session-record.ts';
import { serversOf } from './terms.ts';

export const sortKeys = ['recent', 'tools', 'calls', 'errors'] as const;
export type SortKey = (typeof sortKeys)[number];

/** What a session can have had; to be asked for with `with`. */
export const traits = ['errors', 'refused', 'denials', 'dlp_blocks', 'auth_failures', 'findings'] as const;
export type Trait = (typeof traits)[number];

export const states = ['open', 'ended', 'idle', 'evicted'] as const satisfies readonly (
  | SessionEnd
  | 'open'
)[];
export type State = (typeof states)[number];

/** Where the next page begins: behind this session, in the order of lists. */
export type Cursor = Pick<SessionSummary, 'lastMs' | 'id' | 'startedMs'>;

export interface SessionQuery {
  /** The hashed id, or how it begins. */
  readonly id?: string;
  readonly type?: string;
  readonly user?: string;
  readonly client?: string;
  readonly server?: string;
  /** As `server/tool`, or the tool's name alone. */
  readonly tool?: string;
  /** Only sessions that had events from here on, and until there. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly state?: State;
  readonly with: readonly Trait[];
  readonly sort: SortKey;
  readonly after?: Cursor;
  readonly limit: number;
}

/** Counting stops here: a larger number tells nobody more, and costs a walk over the whole index. */
export const COUNTED = 10_000;

/** Highest of the sort key first, then the most recent; id and start make the order the same on every page. */
export function compareBy(sort: SortKey): (a: SessionSummary, b: SessionSummary) => number {
  const rank = (session: SessionSummary) =>
    sort === 'tools'
      ? session.distinctTools
      : sort === 'calls'
        ? session.calls
        : sort === 'errors'
          ? session.errors
          : 0;
  return (a, b) => rank(b) - rank(a) || compareRecent(a, b);
}

function compareRecent(a: Cursor, b: Cursor): number {
  if (a.lastMs !== b.lastMs) return b.lastMs - a.lastMs;
  return a.id === b.id ? b.startedMs - a.startedMs : a.id < b.id ? 1 : -1;
}

export const isBehind = (session: Cursor, cursor: Cursor): boolean => compareRecent(session, cursor) > 0;

/** Whether a session in memory is one that is asked for, wherever the list begins. */
export function matches(query: SessionQuery, session: SessionRecord, hasFindings: () => boolean): boolean {
  const had: Readonly<Record<Trait, () => boolean>> = {
    errors: () => session.errors > 0,
    refused: () => session.refused > 0,
    denials: () => session.denials > 0,
    dlp_blocks: () => session.dlpBlocks > 0,
    auth_failures: () => session.authFailures > 0,
    findings: hasFindings,
  };
  const is = (wanted: string | undefined, value: string | undefined) =>
    wanted === undefined || wanted === value;
  return (
    is(query.type, session.type) &&
    is(query.user, session.user) &&
    is(query.client, session.client) &&
    is(query.state, session.end?.how ?? 'open') &&
    (query.id === undefined || session.id.startsWith(query.id)) &&
    session.lastMs >= (query.fromMs ?? 0) &&
    session.startedMs <= (query.untilMs ?? Number.POSITIVE_INFINITY) &&
    (query.server === undefined || isOn(query.server, session)) &&
    (query.tool === undefined || calls(query.tool, session)) &&
    query.with.every((trait) => had[trait]())
  );
}

const isOn = (server: string, session: SessionRecord) =>
  session.server === server || [...session.tools.keys()].some((tool) => serversOf(tool).includes(server));

const calls = (tool: string, { tools }: SessionRecord) =>
  tools.has(tool) || [...tools.keys()].some((endpoint) => endpoint.endsWith(`/${tool}`));
