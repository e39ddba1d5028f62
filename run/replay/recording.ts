/** The recorded agent sessions that come with the replay; `sessions/README.md` says where they are from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface RecordedCall {
  /** The agent's turn; calls of the same turn were issued in parallel. */
  readonly turn: number;
  readonly tool: string;
  readonly args: object;
  readonly error: string | null;
  /** Characters of the result; null if none was recorded. */
  readonly result_len: number | null;
  readonly result_excerpt: string;
}

export interface RecordedSession {
  readonly id: string;
  readonly suite: string;
  readonly user_task: string;
  /** The agent did what a text in a tool's result asked for. */
  readonly hijacked: boolean;
  readonly calls: readonly RecordedCall[];
}

export function readRecordedSessions(): RecordedSession[] {
  const file = join(import.meta.dirname, 'sessions', 'sessions.jsonl.gz');
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedSession);
}

/** The server a recorded call went to: the part of the tool's name before a slash, else the suite. */
export function serverAndTool(
  session: RecordedSession,
  call: RecordedCall,
): { server: string; tool: string } {
  const [server, tool] = call.tool.split('/', 2);
  return tool ? { server: server!, tool } : { server: session.suite, tool: call.tool };
}
