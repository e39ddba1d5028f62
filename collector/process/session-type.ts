/** What kind of work a session is: what it is compared with when its behaviour is judged. */
import type { McpEvent } from '../catalogue/events.ts';
import type { SessionTypeRule } from '../config.ts';

/** The type of sessions that neither say theirs nor match a rule. */
export const DEFAULT_SESSION_TYPE = 'default';

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
  return rule?.type ?? DEFAULT_SESSION_TYPE;
}
