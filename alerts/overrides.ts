/** What `stack.config.ts` may say about single alerts, and what is wrong with what it says. */
import { Compile } from 'typebox/compile';
import { burstWindowSchema } from '../collector/catalogue/burst-window.ts';
import { isDuration, secondsOf } from '../collector/catalogue/duration.ts';
import type { Duration } from '../collector/catalogue/promql.ts';
import { type AnyAlert, type Override, type Settings, severities } from './alert.ts';
import { type AlertName, type AlertNamed, allAlerts } from './all.ts';
import { shortestLifeSeconds } from './routing/timers.ts';

/** By alert name: its limits, windows and floors, `severity`, `enabled`, `keepFiringFor`. */
export type AlertOverrides = { readonly [N in AlertName]?: Override<AlertNamed<N>> };

/** One override as it is read: Node strips types unread, so nothing is known of it. */
type Unchecked = Readonly<Record<string, unknown>>;

/** Keys that every alert has besides its settings. */
const ofEvery = ['enabled', 'severity', 'keepFiringFor'];
const burstCheck = Compile(burstWindowSchema);

/** Growth is seen between two scrapes and looked for every 15 s; what is shorter falls between. Bursts are counted. */
const shortestWindowSeconds = { fast: 1, slow: 30, pipeline: 30 } as const;

function wrongValue(alert: AnyAlert, key: string, value: unknown): string | undefined {
  const standard: unknown = (alert.settings as Settings)[key];
  if (key === 'enabled') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (key === 'severity') {
    return severities.some((severity) => severity === value) ? undefined : `must be ${severities.join(', ')}`;
  }
  if (typeof standard === 'number') {
    const valid = typeof value === 'number' && Number.isFinite(value) && value >= 0;
    return valid ? undefined : 'must be a number, zero or more';
  }
  if (!isDuration(value)) return 'must be a duration such as "5m"';
  const seconds = secondsOf(value);
  const shortest = shortestWindowSeconds[alert.group];
  if (key === 'window' && seconds < shortest)
    return `must be at least ${shortest}s, so that scrapes and evaluations fall into it`;
  const life = shortestLifeSeconds(alert);
  if (key === 'keepFiringFor' && seconds < life) {
    return `must be at least ${life}s, or Alertmanager may never tell of a short alert`;
  }
  return undefined;
}

function wrongTogether(alert: AnyAlert, own: Settings): string | undefined {
  const settings = { ...own, followed: {} };
  const burst = alert.burst?.(settings);
  if (burst && !burstCheck.Check(burst)) {
    return 'above must be a whole number from 1 and window whole seconds up to 1h: the collector counts this burst';
  }
  return alert.refuse?.(settings);
}

function checkOne(alert: AnyAlert, override: unknown): void {
  const at = `stack.config.ts: alerts.${alert.name}`;
  if (typeof override !== 'object' || override === null || Array.isArray(override)) {
    throw new Error(`${at} must be an object such as { enabled: false }`);
  }
  const known = [...Object.keys(alert.settings), ...ofEvery];
  for (const [key, value] of Object.entries(override)) {
    if (!known.includes(key))
      throw new Error(`${at}.${key} is not a setting (known here: ${known.join(', ')})`);
    const wrong = value === undefined ? undefined : wrongValue(alert, key, value);
    if (wrong) throw new Error(`${at}.${key} ${wrong}, not ${JSON.stringify(value)}`);
  }
  const wrong = wrongTogether(alert, settingsOf(alert, override as Unchecked));
  if (wrong) throw new Error(`${at}: ${wrong}`);
}

/** The alert's settings with the override's in their place. */
export function settingsOf(alert: AnyAlert, override: Unchecked = {}): Settings {
  const settings: Record<string, number | Duration> = { ...alert.settings };
  for (const key of Object.keys(settings)) {
    if (override[key] !== undefined) settings[key] = override[key] as number | Duration;
  }
  return settings;
}

/** Throws one sentence that names the alert, the key and the mend. */
export function checkOverrides(overrides: AlertOverrides): void {
  for (const [name, override] of Object.entries(overrides)) {
    const alert = allAlerts.find((candidate) => candidate.name === name);
    if (!alert) {
      const known = allAlerts.map((candidate) => candidate.name).join(', ');
      throw new Error(`stack.config.ts: alerts.${name} is not an alert (known: ${known})`);
    }
    if (override !== undefined) checkOne(alert, override);
  }
}
