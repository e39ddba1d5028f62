/** The detectors, in the order in which they see a call. */
import { ArgumentDrift } from './argument-drift/argument-drift.ts';
import { Credentials } from './credentials/credentials.ts';
import { CrossSession } from './cross-session/cross-session.ts';
import { KnownDestinations } from './destinations.ts';
import type { AnyDetector } from './detector.ts';
import { Loop } from './loop.ts';
import { Poisoning } from './poisoning/poisoning.ts';
import { Privilege } from './privilege/privilege.ts';
import { Sequence } from './sequence/sequence.ts';
import { SlowExfiltration } from './slow-exfiltration/slow-exfiltration.ts';
import { Exfiltration } from './taint/exfiltration.ts';
import { Temporal } from './temporal/temporal.ts';

/** Each with its own, empty baselines; where two need the same one, the first learns it. */
export const allDetectors = (): readonly AnyDetector[] => {
  const destinations = new KnownDestinations();
  return [
    new Sequence(),
    new CrossSession(),
    new Temporal(),
    new SlowExfiltration(),
    new ArgumentDrift(),
    new Loop(),
    new Exfiltration(destinations),
    new Poisoning(destinations),
    new Credentials(destinations),
    new Privilege(),
  ];
};
