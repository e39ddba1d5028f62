/**
 * A session that uses far more different tools than its kind does: an agent that looks around, or is made to.
 *
 * On its own it is weak evidence. It mostly finds enumeration, and a hijacked session that keeps to the usual tools
 * is invisible to it; hence a warning to be reviewed and never a page.
 */
import type { Parts } from '../parts.ts';
import type { Session } from '../session.ts';

/** Reports a session above `toolDiversityFactor` times its type's baseline; silent while the type has none. */
export function detectToolDiversity(
  session: Session,
  timeMs: number,
  { config, baselines, findings }: Pick<Parts, 'config' | 'baselines' | 'findings'>,
): void {
  const tools = session.tools.size;
  const baseline = baselines.of(session.type);
  if (!baseline || tools <= config.toolDiversityFactor * baseline.median) return;
  const { id, type, server, user, startedMs } = session;
  findings.report({
    detector: 'tool_diversity',
    severity: 'warning',
    session: id,
    session_type: type,
    server,
    ...(user === undefined ? {} : { user }),
    score: tools / baseline.median,
    message: `${tools} distinct tools; the median of the last ${baseline.sessions} sessions of type ${type} is ${baseline.median}.`,
    startedMs,
    timeMs,
  });
}
