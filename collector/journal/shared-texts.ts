/** Texts that stand once in a record and are named by number from then on. */
import type { EventOf, McpEvent } from '../catalogue/events.ts';

export class SharedText {
  readonly text: string;
  readonly length: number;
  /** Whether a byte is a letter of it. */
  readonly isAscii: boolean;
  /** The record that it was written to last, and its number there. */
  record = 0;
  place = 0;

  constructor(text: string) {
    this.text = text;
    this.length = text.length;
    this.isAscii = Buffer.byteLength(text) === text.length;
  }
}

/** What all calls of a session usually have in common. */
export type Setting = Pick<McpEvent, 'server' | 'client' | 'user' | 'session' | 'source' | 'environment'>;

export function settingOf({ server, client, user, session, source, environment }: McpEvent): SharedText {
  return new SharedText(
    JSON.stringify({ server, client, user, session, source, environment } satisfies Setting),
  );
}

/** How a call ended, as one of its sources saw it. */
export type Ending = Pick<EventOf<'tool_call'>, 'outcome' | 'fault' | 'perspective'>;

type Word = string | undefined;
const endings = new Map<Word, Map<Word, Map<Word, SharedText>>>();

/** There are a few hundred at most, since an event's words are checked. */
export function endingOf({ outcome, fault, perspective }: Ending): SharedText {
  const known = endings.get(outcome)?.get(fault)?.get(perspective);
  if (known !== undefined) return known;
  const byFault = endings.get(outcome) ?? new Map<Word, Map<Word, SharedText>>();
  endings.set(outcome, byFault);
  const byPerspective = byFault.get(fault) ?? new Map<Word, SharedText>();
  byFault.set(fault, byPerspective);
  const ending = new SharedText(JSON.stringify({ outcome, fault, perspective } satisfies Ending));
  byPerspective.set(perspective, ending);
  return ending;
}
