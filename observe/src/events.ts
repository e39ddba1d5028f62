/** Native events as the collector takes them on `POST /v1/events`, and the message-side vocabulary they use. */

/** How a tool call ended, as far as a message boundary can tell. */
export type Outcome =
  | 'ok'
  | 'tool_error'
  | 'protocol_error'
  | 'server_error'
  | 'denied'
  | 'auth_denied'
  | 'cancelled'
  | 'aborted'
  | 'input_required'
  | 'task';

/** Who is to blame for it. */
export type Fault = 'none' | 'tool' | 'caller' | 'server' | 'auth' | 'transport' | 'unknown';

export type AuthFailureReason =
  | 'missing_token'
  | 'invalid_token'
  | 'expired_token'
  | 'insufficient_scope'
  | 'origin_rejected'
  | 'other';

export interface ClientIdentity {
  readonly name: string;
  readonly version?: string;
}

/** From where a call was watched: a collector that also hears the server itself counts it once. */
export type Perspective = 'server' | 'gateway';

/** What every event says where it is known. */
export interface CommonFields {
  readonly client?: ClientIdentity | undefined;
  readonly user?: string | undefined;
  readonly session?: { readonly id: string; readonly type?: string | undefined } | undefined;
  readonly trace_id?: string | undefined;
  readonly source?: string | undefined;
}

export interface ToolCallFields extends CommonFields {
  readonly kind: 'tool_call';
  readonly tool: string;
  readonly outcome: Outcome;
  readonly fault: Fault;
  readonly perspective?: Perspective | undefined;
  readonly code?: number | undefined;
  readonly duration_ms: number;
  readonly request_bytes: number;
  readonly response_bytes?: number | undefined;
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly error_message?: string | undefined;
}

export interface SessionStartFields extends CommonFields {
  readonly kind: 'session_start';
}

export interface SessionEndFields extends CommonFields {
  readonly kind: 'session_end';
  readonly reason: string;
}

export interface PolicyDecisionFields extends CommonFields {
  readonly kind: 'policy_decision';
  readonly tool: string;
  readonly decision: 'deny';
  readonly policy: string;
  readonly reason: string;
}

export interface AuthFailureFields extends CommonFields {
  readonly kind: 'auth_failure';
  readonly source: string;
  readonly reason: AuthFailureReason;
}

export interface ListedTool {
  readonly name: string;
  readonly description_hash?: string;
  readonly schema_hash?: string;
  readonly annotations?: Record<string, unknown>;
}

export interface ToolListFields extends CommonFields {
  readonly kind: 'tool_list';
  readonly tools: readonly ListedTool[];
}

export type EventFields =
  | ToolCallFields
  | SessionStartFields
  | SessionEndFields
  | PolicyDecisionFields
  | AuthFailureFields
  | ToolListFields;

/** What is sent: the fields of one kind, when and about which server, and the id that makes a resend harmless. */
export type LookoutEvent = EventFields & {
  readonly id: string;
  readonly time: string;
  readonly server: string;
  readonly environment?: string | undefined;
};
