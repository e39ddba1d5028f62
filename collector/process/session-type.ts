/** What kind of work a session is: what it is compared with when its behaviour is judged. */
import type { McpEvent, SessionOrigin } from '../catalogue/events.ts';
import type { SessionTypeRule } from '../config.ts';
import type { Session } from './session.ts';

/** The type of sessions that neither say theirs nor match a rule. */
export const DEFAULT_SESSION_TYPE = 'default';

/** Added to the type of conversations that are only inferred: they are compared with each other, not with sessions. */
const INFERRED = ' (inferred)';
const inferredOrigins = new Set<SessionOrigin | undefined>(['trace', 'inferred']);

/** Whether it is an inferred conversation of so far one call, which nobody says belongs to others: it counts as none. */
export const isLoneCall = ({ type, calls }: Pick<Session, 'type' | 'calls'>): boolean =>
  calls < 2 && type.endsWith(INFERRED);

const matches = (wanted: string | undefined, value: string | undefined) =>
  wanted === undefined || wanted === value;

/** The event's own word, else the first rule all of whose conditions it meets. */
export function sessionTypeOf(event: McpEvent, rules: readonly SessionTypeRule[]): string {
  if (event.session?.type) return event.session.type;
  const rule = rules.find(
    ({ server, client, environment }) =>
      matches(server, event.server) &&
      matches(client, event.client?.name) &&
      matches(environment, event.environment),
  );
  const type = rule?.type ?? DEFAULT_SESSION_TYPE;
  return inferredOrigins.has(event.session?.origin) ? `${type}${INFERRED}` : type;
}
