/** A burst window: what an alert asks the collector to count, since no PromQL over a sampled counter can. */
import Type, { type Static } from 'typebox';
import type { EventKind } from './events.ts';
import type { Duration } from './promql.ts';

/** Kinds of event that bursts are counted of, and what tells one burst from another: nothing, or a field. */
export const burstEvents = { dlp_block: 'none', auth_failure: 'source' } as const satisfies Partial<
  Record<EventKind, 'none' | 'source'>
>;

export const burstWindowSchema = Type.Object(
  {
    event: Type.Union([Type.Literal('dlp_block'), Type.Literal('auth_failure')]),
    /** Length in whole seconds. Events exactly this far apart are not in one window. */
    windowSeconds: Type.Integer({ minimum: 1, maximum: 3_600 }),
    /** The alert's limit: sizes the memory for one key and the floor under which a keyed peak is not exposed. */
    limit: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  },
  { additionalProperties: false },
);

export type BurstWindow = Static<typeof burstWindowSchema>;

/** The `window` label of a burst window's gauge, and its length in PromQL: `30s`. */
export const windowLabel = (windowSeconds: number): Duration => `${windowSeconds}s`;
