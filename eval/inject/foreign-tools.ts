/**
 * Foreign-tool excursions: the calls of an attacker's goal of another type of session, appended to a benign session. The
 * foreign tools keep their own server, or stand behind the one gateway that all types share.
 */
import { random } from '../../run/replay/random.ts';
import type { EvalSession } from '../session.ts';

export interface Excursion extends EvalSession {
  /** Index of the first foreign call. */
  readonly leavesAt: number;
  readonly foreignType: string;
}

/** For each benign session with calls, one excursion to each other type that has goals. */
export function excursions(
  sessions: readonly EvalSession[],
  goals: readonly EvalSession[],
  seed: number,
): Excursion[] {
  const goalsOf = Map.groupBy(
    goals.filter(({ calls }) => calls.length > 0),
    ({ type }) => type,
  );
  return sessions
    .filter(({ label, calls }) => label === 'benign' && calls.length > 0)
    .flatMap((session) =>
      [...goalsOf].flatMap(([foreignType, of]) => {
        if (foreignType === session.type) return [];
        const goal = random(seed, `${session.id} to ${foreignType}`).pick(of);
        const turn = session.calls.at(-1)!.turn + 1;
        const foreign = goal.calls.map((call) => ({ ...call, turn: turn + call.turn }));
        return {
          ...session,
          id: `${session.id} to ${foreignType}`,
          label: 'hijacked' as const,
          goal: goal.task,
          leavesAt: session.calls.length,
          foreignType,
          calls: [...session.calls, ...foreign],
        };
      }),
    );
}

/** The session as a gateway shows it, which is the server of every tool. */
export const behindGateway = <S extends EvalSession>(session: S): S => ({
  ...session,
  calls: session.calls.map((call) => ({ ...call, server: 'gateway' })),
});
