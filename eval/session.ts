/** A session as the evaluation sees it, whoever recorded or made it. */

/** `attempt`: the attack was read and not followed, which is neither a hit nor a false alarm. */
export type Label = 'benign' | 'hijacked' | 'attempt';

export interface EvalCall {
  /** Calls of the same turn were issued in parallel. */
  readonly turn: number;
  readonly server: string;
  readonly tool: string;
  readonly args: unknown;
  readonly error?: string;
  readonly result?: string;
  /** On the simulated clock; the watcher's own pace where left out. */
  readonly atMs?: number;
}

export interface EvalSession {
  readonly id: string;
  /** Where the recordings are from: figures of two origins are never pooled. */
  readonly corpus: string;
  /** Session type. */
  readonly type: string;
  /** What the user wanted, unique over all types: the unit that folds and intervals are made of. */
  readonly task: string;
  readonly label: Label;
  /** Name of the attack's phrasing. */
  readonly attack?: string;
  /** The attacker's goal. */
  readonly goal?: string;
  /** One synthetic user a session where left out. */
  readonly user?: string;
  readonly calls: readonly EvalCall[];
}
