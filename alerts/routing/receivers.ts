/** Who is told of what: the part of `stack.config.ts` about receivers. */
import type { Receiver } from './receiver.ts';

export { email } from './email.ts';
export { incidentIo } from './incident-io.ts';
export { msTeams } from './msteams.ts';
export { pagerDuty } from './pagerduty.ts';
export type { Receiver } from './receiver.ts';
export { slack } from './slack.ts';
export { webhook } from './webhook.ts';

export interface Receivers {
  /** Told of critical alerts, at any hour. */
  readonly page?: readonly Receiver[];
  /** Told of warnings, and of critical alerts too. */
  readonly notify?: readonly Receiver[];
  /** Told every minute that all is well with the monitor; must call a human when it is not told. */
  readonly deadman?: readonly Receiver[];
}

export const noReceivers: Receivers = {};

const audiences = ['page', 'notify', 'deadman'] as const;
export type Audience = (typeof audiences)[number];

/** Throws one sentence when an audience does not exist or is not a list of receivers. */
export function checkReceivers(receivers: Receivers): void {
  for (const [key, list] of Object.entries(receivers)) {
    if (!audiences.some((audience) => audience === key)) {
      throw new Error(
        `stack.config.ts: receivers.${key} is not a setting (known here: ${audiences.join(', ')})`,
      );
    }
    const isReceiver = (one: Partial<Receiver> | null) =>
      typeof one === 'object' && typeof one?.integration === 'string' && typeof one.secretFiles === 'object';
    if (list !== undefined && !(Array.isArray(list) && list.every(isReceiver))) {
      throw new Error(
        `stack.config.ts: receivers.${key} must be a list such as [slack({ channel: '#mcp' })]`,
      );
    }
  }
}

/** The keys that the Kubernetes Secret `alertmanager-receivers` must have. */
export const secretNames = (receivers: Receivers): string[] =>
  [
    ...new Set(
      audiences.flatMap((audience) =>
        (receivers[audience] ?? []).flatMap((one) => Object.values(one.secretFiles)),
      ),
    ),
  ].sort();

/** What is not as it should be, a sentence each: an alert that nobody is told of is a false calm. */
export function whoIsNotTold({ page = [], notify = [], deadman = [] }: Receivers): string[] {
  const sentences: string[] = [];
  if (page.length + notify.length === 0) {
    sentences.push('nobody is told of any alert: set receivers.page and receivers.notify in stack.config.ts');
  } else if (page.length === 0) {
    sentences.push(
      'critical alerts page nobody and go to receivers.notify alone: set receivers.page in stack.config.ts',
    );
  } else if (notify.length === 0) {
    sentences.push('nobody is told of warnings: set receivers.notify in stack.config.ts');
  }
  if (page.length + notify.length === 1) {
    sentences.push(
      'when the only receiver fails nobody is told that it does: add a second one in stack.config.ts',
    );
  }
  if (deadman.length === 0) {
    sentences.push(
      "nobody notices when this monitor dies: set receivers.deadman in stack.config.ts to a dead man's switch outside of the cluster",
    );
  }
  return sentences;
}
