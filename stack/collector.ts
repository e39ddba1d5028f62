/** collector.json: what the stack's configuration means for one collector process. */
import type { BurstWindow } from '../collector/catalogue/burst-window.ts';
import { secondsOf } from '../collector/catalogue/duration.ts';
import { type CollectorConfig, collectorDefaults, faultOfCollectorConfig } from '../collector/config.ts';
import type { StackConfig } from './config.ts';
import { bytes } from './quantities.ts';

/** What alerts ask of the collector: bursts to count, and how much diversity is a finding. */
export interface AskedByAlerts {
  readonly burstWindows: readonly BurstWindow[];
  readonly toolDiversityFactor: number;
}

/** Shares of the volume that the journal and its index may fill; the rest is for snapshots and the file system. */
const JOURNAL_SHARE = 0.8;
const INDEX_SHARE = 0.1;

/** Where `stack.config.ts` says it, for a field of the collector's own file. */
function keyOf(field: string): string {
  const [first = '', ...rest] = field.split('.');
  if (first === 'servers' || first === 'detection') return field;
  if (first === 'sessionTypeRules') return ['sessionTypes', ...rest].join('.');
  if (first === 'journalRetentionSeconds') return 'collector.retention';
  return first === 'scrapeIntervalSeconds' ? 'prometheus.scrapeInterval' : `collector.${field}`;
}

/** Throws one sentence that names the key when the collector would refuse to start with what is configured. */
export function collectorConfig(
  config: StackConfig,
  asked: AskedByAlerts,
  where: Pick<CollectorConfig, 'dataDirectory' | 'tokensFile'>,
): CollectorConfig {
  const { collector } = config;
  const settings: CollectorConfig = {
    ...collectorDefaults,
    ...where,
    processes: collector.processes,
    scrapeIntervalSeconds: secondsOf(config.prometheus.scrapeInterval),
    maxEventAgeSeconds: collector.maxEventAgeSeconds,
    latenessSeconds: collector.latenessSeconds,
    sessionIdleSeconds: collector.sessionIdleSeconds,
    sessionTypeRules: [...config.sessionTypes],
    baselineMinimumSessions: collector.baselineMinimumSessions,
    toolDiversityFactor: asked.toolDiversityFactor,
    burstWindows: [...asked.burstWindows],
    servers: { ...config.servers },
    detection: config.detection,
    journalRetentionSeconds: secondsOf(collector.retention),
    journalRetentionBytes: Math.floor(bytes(collector.storage) * JOURNAL_SHARE),
    indexBytes: Math.floor(bytes(collector.storage) * INDEX_SHARE),
    limits: collector.limits,
  };
  const wrong = faultOfCollectorConfig(settings);
  if (wrong) throw new Error(`stack.config.ts: ${keyOf(wrong.field)} ${wrong.fault}`);
  return settings;
}
