/** What a detector is shown: one tool call, and the facts of its session. */
import type { Outcome } from '../../catalogue/labels.ts';
import type { Payload } from './payload.ts';

/** What a tool can do to its user, whoever says so. */
export interface ToolRisk {
  /** Returns texts that third parties wrote: mail, pages, tickets. */
  readonly untrusted: boolean;
  /** Returns data of the user or the organisation. */
  readonly sensitive: boolean;
  /** Changes something: writes, sends, pays, deletes. */
  readonly sink: boolean;
  /** Lets data leave: mail, messages, uploads, requests to addresses, payments. */
  readonly outward: boolean;
  /** Returns credentials: key stores, environment, configuration. */
  readonly secret: boolean;
  /** Who says so: the operator, the server's own annotations, or the words of the tool's name. */
  readonly provenance: 'registry' | 'annotations' | 'name';
}

/** One tool call, in the order in which its session made them. */
export interface Call {
  /** 0 for the session's first call. */
  readonly index: number;
  /** Id of its event. */
  readonly id: string;
  /** When it happened, in milliseconds since the epoch. */
  readonly timeMs: number;
  readonly server: string;
  readonly tool: string;
  /** `server/tool`. */
  readonly endpoint: string;
  readonly outcome: Outcome;
  readonly risk: ToolRisk;
  /** Undefined when the source did not send them, or they are gone after a restart. */
  readonly arguments: Payload | undefined;
  readonly result: Payload | undefined;
}

export interface SessionFacts {
  /** Its hashed id. */
  readonly id: string;
  readonly type: string;
  /** The authenticated user, else the client's name: whose habits are compared. */
  readonly principal: string;
  readonly user: string | undefined;
  readonly client: string;
  readonly server: string;
  readonly startedMs: number;
  /** Different tools called, this one included and those before a restart too; undefined where nobody counts them. */
  readonly distinctTools?: number;
}

/** A policy decision about a tool within a session. */
export interface Decision {
  readonly timeMs: number;
  readonly server: string;
  readonly tool: string;
  readonly decision: 'allow' | 'deny';
  readonly policy: string | undefined;
}

/** A server's tools as it lists them. */
export interface ToolList {
  readonly timeMs: number;
  readonly server: string;
  readonly tools: readonly {
    readonly name: string;
    readonly descriptionHash: string | undefined;
    readonly schemaHash: string | undefined;
  }[];
}
