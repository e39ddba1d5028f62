/** What the detectors cost: processor time of a call, and memory of open sessions. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Row } from '../row.ts';
import type { EvalSession } from '../session.ts';
import { Watcher } from '../watcher.ts';

const ROUNDS = 5;
/** What a collector may have open at once with its largest limit. */
const OPEN_SESSIONS = 100_000;
const MIB = 1024 * 1024;

export function cost(sessions: readonly EvalSession[], progress: (line: string) => void): Row[] {
  const benign = sessions.filter(({ label, calls }) => label === 'benign' && calls.length > 0);
  return [cpu(benign, progress), memory(benign, progress)];
}

function cpu(sessions: readonly EvalSession[], progress: (line: string) => void): Row {
  const watcher = new Watcher();
  watcher.learn(sessions);
  const calls = sessions.reduce((sum, session) => sum + session.calls.length, 0);
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    progress(`processor time: round ${round + 1} of ${ROUNDS}`);
    const before = process.cpuUsage();
    for (const session of sessions) watcher.watch(session);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / calls;
  }).sort((a, b) => a - b);
  return {
    measure: 'all detectors, processor time of a call',
    corpus: `${calls} benign calls`,
    figure: `${rounds[ROUNDS >> 1]!.toFixed(1)} µs (median of ${ROUNDS})`,
  };
}

function memory(sessions: readonly EvalSession[], progress: (line: string) => void): Row {
  progress(`memory: opening ${OPEN_SESSIONS.toLocaleString('en')} sessions`);
  const watcher = new Watcher();
  watcher.learn(sessions);
  const before = held();
  const open: unknown[] = [];
  for (let i = 0; i < OPEN_SESSIONS; i++) {
    const session = sessions[i % sessions.length]!;
    open.push(watcher.leaveOpen({ ...session, id: `${session.id} ${i}` }));
  }
  const bytes = held() - before;
  return {
    measure: 'all detectors, memory of open sessions',
    corpus: `${open.length.toLocaleString('en')} benign sessions`,
    figure: `${(bytes / MIB).toFixed(0)} MiB`,
    demand: { text: '≤ 1,024 MiB', met: bytes <= 1_024 * MIB },
  };
}

/** Bytes that are alive after a full collection. */
function held(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
