/** Looks for what was accepted, by what the collector shows of its sessions. */
import type { SentSession } from './remembering-sender.ts';

/** What should be there and is not, or is there too often. */
export interface Missing {
  /** Events that were answered 202 and are in no session's timeline. */
  readonly lost: number;
  /** Sessions whose number of calls is not the number of their events: some were lost, or counted twice. */
  readonly miscounted: number;
  /** Sessions whose events stand in another order than they were sent in. */
  readonly disordered: number;
}

interface ListedSession {
  readonly id: string;
  readonly user: string;
  readonly calls: number;
}

/** The most that the list of sessions shows at once, and how many timelines are asked for at once. */
const PAGE = 1_000;
const AT_ONCE = 8;

export async function lookFor(
  sent: readonly SentSession[],
  { pages }: Readonly<Record<string, number>>,
): Promise<Missing> {
  if (sent.length > PAGE) throw new RangeError(`${sent.length} sessions are more than the list shows`);
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`http://127.0.0.1:${pages}${path}`)).json()) as T;
  const { sessions } = await get<{ sessions: ListedSession[] }>(`/api/sessions?limit=${PAGE}`);
  const byUser = new Map(sessions.map((session) => [session.user, session]));
  const missing = { lost: 0, miscounted: 0, disordered: 0 };

  async function check({ user, acknowledged }: SentSession): Promise<void> {
    if (acknowledged.length === 0) return;
    const session = byUser.get(user);
    if (session === undefined) {
      missing.lost += acknowledged.length;
      return;
    }
    const { timeline } = await get<{ timeline: { events: { id: string }[] } }>(`/api/sessions/${session.id}`);
    const found = timeline.events.map(({ id }) => id);
    const known = new Set(found);
    missing.lost += acknowledged.filter((id) => !known.has(id)).length;
    if (session.calls !== acknowledged.length) missing.miscounted++;
    if (found.some((id, i) => i > 0 && id < found[i - 1]!)) missing.disordered++;
  }

  const left = [...sent];
  const drain = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await check(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, drain));
  return missing;
}
