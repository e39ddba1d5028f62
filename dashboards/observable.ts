/**
 * Nothing, none and not observable are three things. A source that cannot see denials reports none; a dashboard that
 * draws this as 0 says that all is well where nobody looked.
 */
import type { Capability } from '../collector/catalogue/labels.ts';
import { sourceCapability } from '../collector/catalogue/metrics.ts';
import { and, equals, max, or, select, times, type Vector } from '../collector/catalogue/promql.ts';

/** What a panel says instead of a value when no source has shown such a thing. */
export const NOT_OBSERVABLE = 'Not observable';

const seen = (capability: Capability): Vector<never> =>
  equals(max(select(sourceCapability, { sees: capability })), 1);

/** A total: 0 when there was none although a source has shown that it can see it, no series when none has. */
export const zeroIfSeen = (total: Vector<never>, capability: Capability): Vector<never> =>
  zeroWhere(total, seen(capability));

/** A total: 0 when it has no series although `sign` has one. */
export const zeroWhere = (total: Vector<never>, sign: Vector<never>): Vector<never> =>
  or(total, times(sign, 0));

/** The expression while a source has shown that it can see it, else no series. */
export const ifSeen = <L extends string>(of: Vector<L>, capability: Capability): Vector<L> =>
  and(of, seen(capability), []);
