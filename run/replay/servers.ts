/** The servers of a replay: the tools they list, and the registry entry of each. */
import { createHash } from 'node:crypto';
import type { RegisteredServer } from '../../collector/config.ts';
import type { TimedEvent } from './timed-event.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const readsOnly = (tool: string) => /^(get|list|read|search|find|fetch|query|calculate|think)/.test(tool);

/** Tools by server, as the events use them. */
export function toolsByServer(events: readonly TimedEvent[]): Map<string, Set<string>> {
  const servers = new Map<string, Set<string>>();
  for (const { event } of events) {
    const tools = servers.get(event.server) ?? new Set();
    if (event.kind === 'tool_call') tools.add(event.tool);
    servers.set(event.server, tools);
  }
  return servers;
}

/** Each server lists its tools before the first call, as a client asks for on connecting. */
export function toolLists(servers: ReadonlyMap<string, ReadonlySet<string>>): TimedEvent[] {
  return [...servers].map(([server, names]) => ({
    atMs: 0,
    event: {
      kind: 'tool_list',
      server,
      environment: 'demo',
      tools: [...names].map((name) => ({
        name,
        description_hash: hash(`description of ${server}/${name}`),
        schema_hash: hash(`schema of ${server}/${name}`),
        annotations: { readOnlyHint: readsOnly(name) },
      })),
    },
  }));
}

/** Entries that say less than is used: what an access review is there to find. */
const restricted: Readonly<Record<string, Partial<RegisteredServer>>> = {
  crm: { owner: 'sales', tools: ['find_contact', 'update_contact', 'export_contacts'] },
  banking: { owner: 'finance', clients: ['claude-code', 'cursor', 'vscode'] },
};
/** In use, but nobody registered it. */
const unregistered = new Set(['npx_fetch']);

/** A registry for a demo whose configuration has none. */
export function demoRegistry(servers: Iterable<string>): Record<string, RegisteredServer> {
  const entries = [...servers]
    .filter((server) => !unregistered.has(server))
    .map((server) => [server, { owner: 'platform', environment: 'demo', ...restricted[server] }] as const);
  return Object.fromEntries(entries);
}
