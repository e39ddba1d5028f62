/** Requests of a client between their sending and their answer. */
import type { Call } from './call.ts';
import type { CommonFields } from './events.ts';
import type { Fields } from './json.ts';

/** A tool call that waits for its answer. */
export interface CallInFlight {
  readonly method: 'tools/call';
  readonly call: Call;
  readonly asksForTask: boolean;
  /** Undoes the registration for cancellations that arrive elsewhere. */
  readonly forget: (() => void) | undefined;
}
/** Another request whose answer tells something. */
export interface OtherInFlight {
  readonly method:
    | 'initialize'
    | 'tools/list'
    | 'tasks/get'
    | 'tasks/result'
    | 'tasks/cancel'
    | 'server/discover';
  readonly params: Fields;
  readonly common: CommonFields;
}
export type InFlight = (CallInFlight | OtherInFlight) & { readonly since: number };

/** The methods that are followed; all others pass by unread. */
export const FOLLOWED: ReadonlySet<string> = new Set([
  'tools/call',
  'initialize',
  'tools/list',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
  'server/discover',
]);
