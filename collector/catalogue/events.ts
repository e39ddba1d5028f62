/**
 * Native events (`POST /v1/events`): the only place for an event's shape. Types and checks derive from it.
 *
 * Every string has a length bound, every number a range and every object a closed set of keys, since events come
 * from the network. A mistyped key is an error that names it instead of a value that silently goes missing.
 */
import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { authFailureReasons, decisions, directions, faults, outcomes } from './labels.ts';

/** Longest name of a server, tool, client, rule or policy, in UTF-16 code units. */
export const NAME_LENGTH = 256;
/** Longest free text: error messages and reasons. */
export const TEXT_LENGTH = 4_096;
/** Longest identifier: event, session and trace ids. */
export const ID_LENGTH = 256;

/**
 * How a session is known. `transport`: MCP's own session id. `explicit`: a conversation id that the source gives. `trace`: the
 * caller's trace. `inferred`: the same user, client and address without a long silence.
 */
export const sessionOrigins = ['transport', 'explicit', 'trace', 'inferred'] as const;
export type SessionOrigin = (typeof sessionOrigins)[number];

/** From where a call was watched, best first: of several views of one call, the best counts. */
export const perspectives = ['server', 'gateway', 'client'] as const;
export type Perspective = (typeof perspectives)[number];

const name = (description: string) => Type.String({ minLength: 1, maxLength: NAME_LENGTH, description });
const text = (description: string) => Type.String({ maxLength: TEXT_LENGTH, description });
const id = (description: string) => Type.String({ minLength: 1, maxLength: ID_LENGTH, description });
const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description });
/** 1 TiB at most: no call is larger, and one made-up size must not cost a counter its precision. */
const byteCount = (description: string) => Type.Integer({ minimum: 0, maximum: 2 ** 40, description });
const closed = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });
const optional = <S extends TSchema>(schema: S) => Type.Optional(schema);

const common = {
  id: id('Dedupe key: the same id twice counts once.'),
  time: Type.String({ minLength: 20, maxLength: 40, description: 'When it happened: RFC 3339 with a zone.' }),
  server: name('The MCP server or gateway the event is about.'),
  client: optional(
    closed(
      { name: name('Self-reported client name.'), version: optional(name('Client version.')) },
      'The MCP client.',
    ),
  ),
  user: optional(name('The authenticated subject.')),
  session: optional(
    closed({
      id: id('Session id; a secret, so it is hashed.'),
      type: optional(name('Session type.')),
      origin: optional(oneOf(sessionOrigins, 'How the session is known; transport if left out.')),
    }),
  ),
  trace_id: optional(id('W3C trace id.')),
  source: optional(name('Network address the request came from.')),
  environment: optional(name('Deployment environment, such as production.')),
};

const kind = <const K extends string, P extends TProperties>(kindName: K, own: P) =>
  closed({ kind: Type.Literal(kindName), ...common, ...own });

export const eventSchemas = {
  tool_call: kind('tool_call', {
    tool: name('The tool that was called.'),
    outcome: oneOf(outcomes, 'How the call ended.'),
    fault: optional(oneOf(faults, 'Who is to blame.')),
    perspective: optional(oneOf(perspectives, 'From where it was watched; server if left out.')),
    code: optional(
      Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647, description: 'JSON-RPC error code.' }),
    ),
    duration_ms: optional(
      Type.Number({ minimum: 0, maximum: 604_800_000, description: 'Duration in milliseconds.' }),
    ),
    request_bytes: optional(byteCount('Size of the arguments in bytes.')),
    response_bytes: optional(byteCount('Size of the result in bytes.')),
    arguments: optional(
      Type.Unknown({ description: 'Arguments; fingerprinted, not stored unless configured.' }),
    ),
    result: optional(Type.Unknown({ description: 'Result; fingerprinted, not stored unless configured.' })),
    error_message: optional(text('Error text; counts as tool output.')),
  }),
  session_start: kind('session_start', {}),
  session_end: kind('session_end', { reason: optional(text('Why the session ended.')) }),
  policy_decision: kind('policy_decision', {
    tool: name('The tool the decision is about.'),
    decision: oneOf(decisions, 'What was decided.'),
    policy: optional(name('The policy that decided.')),
    reason: optional(text('Why.')),
  }),
  dlp_block: kind('dlp_block', {
    tool: name('The tool whose data was blocked.'),
    rule: name('The DLP rule that blocked.'),
    direction: optional(oneOf(directions, 'Where the data was going.')),
  }),
  auth_failure: Type.Object(
    {
      ...kind('auth_failure', { reason: optional(oneOf(authFailureReasons, 'Why authentication failed.')) })
        .properties,
      source: name('Network address the failed attempt came from.'),
    },
    { additionalProperties: false },
  ),
  tool_list: kind('tool_list', {
    tools: Type.Array(
      closed({
        name: name('Tool name.'),
        description_hash: optional(id('Hash of the description.')),
        schema_hash: optional(id('Hash of the input schema.')),
        annotations: optional(Type.Record(Type.String({ maxLength: NAME_LENGTH }), Type.Unknown())),
      }),
      { maxItems: 10_000, description: 'The tools the server lists.' },
    ),
  }),
} as const;

export type EventKind = keyof typeof eventSchemas;
export const eventKinds = Object.keys(eventSchemas) as readonly EventKind[];

/** An event of one kind, as it is sent. */
export type EventOf<K extends EventKind> = Static<(typeof eventSchemas)[K]>;
/** Any native event, as it is sent. */
export type McpEvent = { [K in EventKind]: EventOf<K> }[EventKind];
