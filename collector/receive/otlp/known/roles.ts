/**
 * What an attribute of a span decides of its call. All attributes of one kind together decide one thing, whatever the
 * others are, so what they decided once they decide again; that is why a span can be compared instead of read.
 */
import { commonFields } from '../../sources/fields.ts';
import type { Plan } from '../../sources/record-reader.ts';
import { plans, wantedOfSpans } from '../../sources/registry.ts';
import type { Field } from '../../sources/source.ts';

/** Bits; an attribute may decide several things. 0 for one that decides nothing. */
export const ROLE = {
  /** Who calls whom, from where. */
  setting: 1,
  /** Which tool was called and how that ended; and from which source a record comes. */
  call: 2,
  /** From which source a record comes, by being there. */
  mark: 4,
  requestBytes: 8,
  responseBytes: 16,
  /** Nothing, but its value has to be sound. */
  nothing: 32,
  /** More than can be compared: a payload. */
  other: 64,
} as const;

const roleOfField: Readonly<Record<Field, number>> = {
  method: ROLE.call,
  tool: ROLE.call,
  server: ROLE.setting,
  clientName: ROLE.setting,
  clientVersion: ROLE.setting,
  userAgent: ROLE.setting,
  user: ROLE.setting,
  address: ROLE.setting,
  environment: ROLE.setting,
  session: ROLE.setting,
  conversation: ROLE.setting,
  protocolVersion: ROLE.setting,
  requestId: ROLE.nothing,
  // Only for records that lack their own ids and times, which are not plain.
  traceId: ROLE.nothing,
  spanId: ROLE.nothing,
  traceparent: ROLE.nothing,
  time: ROLE.nothing,
  startTime: ROLE.nothing,
  duration: ROLE.nothing,
  code: ROLE.call,
  httpStatus: ROLE.call,
  errorType: ROLE.call,
  errorMessage: ROLE.call,
  isToolError: ROLE.call,
  resultType: ROLE.call,
  arguments: ROLE.other,
  result: ROLE.other,
  requestBytes: ROLE.requestBytes,
  responseBytes: ROLE.responseBytes,
};
const SIZES = ROLE.requestBytes | ROLE.responseBytes;

/** Whether a source's spans say no more than their fields: it neither corrects what was read nor remembers other records. */
export const isPlain = ({ source }: Plan): boolean =>
  source.refine === undefined && !source.sessionIdPerHandler && !source.idFromSpan;

const fields = Object.keys(commonFields) as Field[];
const marks = new Set(plans.flatMap(({ source }) => source.detect?.anyOf ?? []));

/** What an attribute decides, whichever of the plain sources its span comes from. */
export function roleOf(key: string): number {
  if (!wantedOfSpans.has(key)) return 0;
  let role = marks.has(key) ? ROLE.mark : 0;
  // A process's name stands for its server's, or its client's.
  if (key === 'service.name') role |= ROLE.setting;
  const uses = plans.filter(isPlain).map(({ uses }) => uses.get(key) ?? []);
  for (const use of uses.flat()) role |= roleOfField[fields[use.field] as Field];
  if ((role & ROLE.other) !== 0) return ROLE.other;
  if ((role & SIZES) !== 0) {
    // A size is compared with nothing, so all have to agree that it is one, and no more.
    const isSize =
      uses.every((of) => of.length === 1) && (role === ROLE.requestBytes || role === ROLE.responseBytes);
    return isSize ? role : ROLE.other;
  }
  // What is compared is there.
  if ((role & ROLE.call) !== 0) return role & (ROLE.setting | ROLE.call);
  return role & (ROLE.setting | ROLE.mark) || ROLE.nothing;
}
