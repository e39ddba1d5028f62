/** What tests of the index send and ask: sessions of a call and an end each. */
import { DatabaseSync } from 'node:sqlite';
import { indexFile } from '../../../collector/audit/index-file.ts';
import type { CollectorConfig } from '../../../collector/config.ts';
import { toolCall } from '../running.ts';

const AT_ONCE = 2_000;

/** A call and the end of a session that nobody else has. */
export function endedSession(name: string): object[] {
  const session = { id: name, type: 'chat' };
  const call = toolCall({ session, user: `user of ${name}`, server: 'files' });
  return [call, { id: `${call.id} end`, time: call.time, kind: 'session_end', server: 'files', session }];
}

/** Sends sessions that end, and expects that all of it is accepted. */
export async function sendEnded(
  collector: { send(events: object): Promise<{ status: number; body: { accepted: number } }> },
  names: readonly string[],
): Promise<void> {
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const events = names.slice(i, i + AT_ONCE).flatMap(endedSession);
    const { status, body } = await collector.send(events);
    if (status !== 202 || body.accepted !== events.length)
      throw new Error(`${status}: ${JSON.stringify(body).slice(0, 300)}`);
  }
}

export interface Listed {
  readonly id: string;
  readonly user?: string;
  readonly calls: number;
  readonly started: string;
  readonly state: string;
}

/** All pages of a list, and what the last one says is missing. */
export async function listAll(port: number, query = ''): Promise<{ sessions: Listed[]; missing?: string }> {
  const sessions: Listed[] = [];
  for (let before = ''; ; ) {
    const response = await fetch(`http://127.0.0.1:${port}/api/sessions?limit=1000&${query}${before}`);
    const page = (await response.json()) as { sessions: Listed[]; next?: string; missing?: string };
    sessions.push(...page.sessions);
    if (page.next === undefined)
      return { sessions, ...(page.missing !== undefined && { missing: page.missing }) };
    before = `&before=${encodeURIComponent(page.next)}`;
  }
}

/** The users of the sessions in the file of a collector, in order. */
export function usersInIndex({ dataDirectory }: CollectorConfig): string[] {
  const database = new DatabaseSync(indexFile(dataDirectory), { readOnly: true, timeout: 5_000 });
  try {
    return database
      .prepare('SELECT user FROM sessions')
      .all()
      .map(({ user }) => String(user))
      .sort();
  } finally {
    database.close();
  }
}
