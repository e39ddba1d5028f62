/**
 * What every detector is: pure functions over a state that the session holds, and a baseline over sessions.
 *
 * A detector says what it saw and how sure it can be; the budget decides who is told. It never pages by itself.
 */
import type { Detector as DetectorName } from '../../catalogue/labels.ts';
import type { Call, Decision, SessionFacts, ToolList } from './call.ts';

/**
 * How far a suspicion reaches. `confirmed`: exact evidence, or two independent ones that fit together; may page.
 * `scored`: unusual by its score; goes to the digest when the budget has room for a score that high. `supporting`:
 * only raises the rank of what else is found in the session.
 */
export const certainties = ['confirmed', 'scored', 'supporting'] as const;
export type Certainty = (typeof certainties)[number];

/** Content that stands in two places, without the content. */
export interface SharedContent {
  readonly fromCall: number;
  readonly toCall: number;
  readonly fromPath: string;
  readonly toPath: string;
  /** In characters, at least. */
  readonly length: number;
  /** How it was written in the later place. */
  readonly encoding: 'plain' | 'url' | 'base64' | 'hex' | 'json' | 'nested';
}

export interface Evidence {
  /** Indices of the session's calls that matter, in order. */
  readonly calls: readonly number[];
  /** Address, host, account or path the data went to. */
  readonly destination?: string;
  readonly shared?: readonly SharedContent[];
  /** What makes it the same thing in another session, where that is not the destination: a keyed hash of the passage, the definition or the cluster. */
  readonly identity?: string;
  /** Other sessions that belong to it, by their hashed ids. */
  readonly sessions?: readonly string[];
  /** What of the baseline it contradicts, in numbers: `sessions`, `seen`, `median`, `threshold` … */
  readonly baseline?: Readonly<Record<string, number>>;
  /** A cited passage; reaches a finding only where payloads may be kept. */
  readonly excerpt?: string;
}

export interface Suspicion {
  readonly detector: DetectorName;
  readonly certainty: Certainty;
  /** Higher is more unusual; comparable within the detector only. */
  readonly score: number;
  /** What happened and why that is unusual, in one or two plain sentences without payload. */
  readonly message: string;
  /** The call that completed the evidence. */
  readonly server: string;
  readonly tool: string;
  readonly timeMs: number;
  readonly evidence: Evidence;
}

/** Tells of a suspicion about a session; the same detector may tell of the same session again, with a higher score. */
export type Report = (session: SessionFacts, suspicion: Suspicion) => void;

/** `S` is what the detector remembers of an open session; it must be bounded. */
export interface Detector<S> {
  /** What it reports under. */
  readonly name: DetectorName;
  open(session: SessionFacts): S;
  /** False for a call from which it has nothing to remember or to say, as long as it remembers nothing of the session. */
  cares?(call: Call, session: SessionFacts): boolean;
  /** After each call of the session. */
  observe(call: Call, session: SessionFacts, state: S, report: Report): void;
  /** After each policy decision within the session. */
  decide?(decision: Decision, session: SessionFacts, state: S, report: Report): void;
  /** When the session has ended, before it is learnt from. */
  end?(session: SessionFacts, state: S, report: Report): void;
  /** Learns from an ended session in which nothing was found. */
  learn?(session: SessionFacts, state: S): void;
  /** When a server lists its tools. */
  list?(tools: ToolList, report: Report): void;
  /** What time alone brings about, about once a second. */
  tick?(nowMs: number, report: Report): void;
  /** False while too little is known of sessions of a type to judge them by; without it, nothing needs to be known. */
  knows?(sessionType: string): boolean;
  /** Entries of its tables, and sessions, that had to make room so far. */
  evicted?(): number;
  /** What is known of finished sessions, as plain JSON of bounded size. */
  snapshot?(): unknown;
  /** False when what was saved has another shape; the detector then starts anew. */
  restore?(saved: unknown): boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: each detector alone knows the type of its state.
export type AnyDetector = Detector<any>;
