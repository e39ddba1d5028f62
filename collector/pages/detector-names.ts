/** The detectors as people call them. */
import type { Detector } from '../catalogue/labels.ts';

export const detectorNames: Readonly<Record<Detector, string>> = {
  tool_diversity: 'Tool diversity',
  sequence: 'Unusual order of tools',
  argument_drift: 'Drift of arguments',
  temporal: 'Unusual time',
  cross_session: 'Same call from several users',
  read_then_exfiltrate: 'Read, then sent away',
  credential_harvesting: 'Credentials gathered',
  privilege_escalation: 'Denied, then reached another way',
  slow_exfiltration: 'Slow leak',
  tool_poisoning: 'Poisoned tool',
  loop: 'Loop',
};
