/** Splits sessions by user task, never by session: those of one task are too much alike to learn from and judge by. */
import { createHash } from 'node:crypto';
import type { EvalSession } from './session.ts';

export const FOLDS = 5;

/** The fold of a task: the same in every run and for every type of session. */
export const foldOf = (task: string): number =>
  createHash('sha256').update(task).digest().readUInt32LE() % FOLDS;

export interface Fold {
  /** Benign sessions of other tasks. */
  readonly learn: readonly EvalSession[];
  readonly judge: readonly EvalSession[];
}

export function folds(sessions: readonly EvalSession[]): Fold[] {
  return Array.from({ length: FOLDS }, (_, fold) => ({
    learn: sessions.filter(({ task, label }) => label === 'benign' && foldOf(task) !== fold),
    judge: sessions.filter(({ task }) => foldOf(task) === fold),
  }));
}
