/** The detectors, in the order in which they see a call. */
import { CrossSession } from './cross-session/cross-session.ts';
import type { AnyDetector } from './detector.ts';
import { Sequence } from './sequence/sequence.ts';

/** Each with its own, empty baselines. */
export const allDetectors = (): readonly AnyDetector[] => [new Sequence(), new CrossSession()];
