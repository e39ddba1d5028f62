/** Events that are all about something new: whatever a collector remembers one by one, it has to forget again. */
import { Connection } from '../load/connection.ts';

export interface Flood {
  /** Events of this flood, each with names of its own. */
  readonly events: number;
  readonly event: (n: number) => object;
}

const CONNECTIONS = 8;
const EVENTS_PER_REQUEST = 500;

const at = () => new Date().toISOString();
const address = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

/** A session, a client's session type and a user with each call. */
export const sessions = (events: number): Flood => ({
  events,
  event: (n) => ({
    id: `session-${n}`,
    time: at(),
    kind: 'tool_call',
    server: 'files',
    tool: 'read',
    outcome: 'ok',
    user: `user-${n}@example.org`,
    session: { id: `7d9f2c1e-55aa-4c1b-9d3f-${String(n).padStart(12, '0')}`, type: `type-${n}` },
    duration_ms: 5,
    request_bytes: 100,
    response_bytes: 1_000,
  }),
});

/** A server, a tool and a client with each call, a thousand calls a session. */
export const tools = (events: number): Flood => ({
  events,
  event: (n) => ({
    id: `tool-${n}`,
    time: at(),
    kind: 'tool_call',
    server: `server-${n % 300}`,
    tool: `tool_with_a_name_of_some_length_${n}`,
    outcome: 'ok',
    client: { name: `client-${n}` },
    session: { id: `session-of-tools-${Math.floor(n / 1_000)}` },
    duration_ms: 5,
    request_bytes: 100,
    response_bytes: 1_000,
  }),
});

/** A network address with each failed authentication. */
export const sources = (events: number): Flood => ({
  events,
  event: (n) => ({
    id: `source-${n}`,
    time: at(),
    kind: 'auth_failure',
    server: 'files',
    source: address(n),
    reason: 'invalid_token',
  }),
});

/** Sends a flood to a port; a request that is refused as too much is sent again. The answer is how many were refused. */
export async function send(port: number, { events, event }: Flood): Promise<number> {
  let next = 0;
  let refused = 0;
  const head =
    'POST /v1/events HTTP/1.1\r\nhost: flood\r\ncontent-type: application/json\r\ncontent-length: ';
  const drive = async () => {
    const connection = await Connection.open(port);
    while (next < events) {
      const first = next;
      next += EVENTS_PER_REQUEST;
      const count = Math.min(EVENTS_PER_REQUEST, events - first);
      const batch = Array.from({ length: count }, (_, i) => event(first + i));
      const body = Buffer.from(JSON.stringify(batch));
      for (let taken = false; !taken; ) {
        const { status, body: answer } = await connection.send(`${head}${body.length}\r\n\r\n`, body);
        taken = status === 202;
        if (taken) continue;
        if (status !== 429 && status !== 503) throw new Error(`the flood was answered ${status} ${answer}`);
        refused++;
      }
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, drive));
  return refused;
}
