/** The configuration of Alertmanager: which alert goes to whom, when, and which one makes which other needless. */
import { exposedMetrics } from '../../collector/catalogue/catalogue.ts';
import type { ResolvedAlert } from '../resolve.ts';
import type { Receiver, Receivers } from '../routing/receivers.ts';
import { type Timers, timers } from '../routing/timers.ts';
import { yaml } from './layout.ts';

/** Where the chart mounts the Secret `alertmanager-receivers`. */
export const SECRETS_DIRECTORY = '/etc/alertmanager/secrets';

const timed = ({ groupWait, groupInterval, repeatInterval }: Timers) => ({
  group_wait: groupWait,
  group_interval: groupInterval,
  repeat_interval: repeatInterval,
});

/** Every alert is a group of its own: it is told of at once, and cannot be lost by joining a group that was told of. */
const alone = { group_by: ['...'] };

function route(alerts: readonly ResolvedAlert[], { page = [], notify = [], deadman = [] }: Receivers) {
  const digest = alerts.filter(({ definition }) => definition.digest).map(({ name }) => name);
  const critical = { matchers: ['severity="critical"'], ...alone, ...timed(timers.critical) };
  return {
    // What nobody is to be told of, and what nobody is configured for: synth says so.
    receiver: 'nobody',
    routes: [
      {
        matchers: ['alertname="Watchdog"'],
        receiver: deadman.length ? 'deadman' : 'nobody',
        ...alone,
        ...timed(timers.deadman),
      },
      ...(page.length ? [{ ...critical, receiver: 'page', continue: notify.length > 0 }] : []),
      ...(notify.length
        ? [
            { ...critical, receiver: 'notify' },
            {
              matchers: ['severity="warning"', `alertname=~"${digest.join('|')}"`],
              receiver: 'notify',
              group_by: ['alertname'],
              ...timed(timers.digest),
            },
            {
              matchers: ['severity="warning"'],
              receiver: 'notify',
              group_by: ['alertname', 'server'],
              ...timed(timers.warning),
            },
          ]
        : []),
    ],
  };
}

const exposedNames = Object.values(exposedMetrics).map(({ name }) => name);
const isAboutCollector = ({ expression }: ResolvedAlert) =>
  exposedNames.some((name) => expression.includes(name));

function inhibitRules(alerts: readonly ResolvedAlert[]) {
  const derived = alerts.filter((alert) => alert.severity === 'warning' && isAboutCollector(alert));
  const better = alerts.filter(({ definition }) => definition.silentDuring !== undefined);
  return [
    {
      name: 'what the silent collector last said is no news',
      source_matchers: ['alertname="CollectorDown"'],
      target_matchers: ['severity="warning"', `alertname=~"${derived.map(({ name }) => name).join('|')}"`],
    },
    ...better.map(({ name, definition }) => ({
      name: `${definition.silentDuring} says it for all`,
      source_matchers: [`alertname="${definition.silentDuring}"`],
      target_matchers: [`alertname="${name}"`],
    })),
  ];
}

function receiver(name: string, receivers: readonly Receiver[], directory: string, sendResolved: boolean) {
  const configs: Record<string, object[]> = {};
  for (const { integration, secretFiles, settings } of receivers) {
    const files = Object.entries(secretFiles).map(([field, file]) => [field, `${directory}/${file}`]);
    const config = { send_resolved: sendResolved, ...Object.fromEntries(files), ...settings };
    configs[`${integration}_configs`] = [...(configs[`${integration}_configs`] ?? []), config];
  }
  return { name, ...configs };
}

/** The text of alertmanager.yml. Secrets are read from files in `secretsDirectory`. */
export function compileAlertmanager(
  alerts: readonly ResolvedAlert[],
  receivers: Receivers,
  secretsDirectory: string,
): string {
  const { page = [], notify = [], deadman = [] } = receivers;
  const named = [
    ...(page.length ? [receiver('page', page, secretsDirectory, true)] : []),
    ...(notify.length ? [receiver('notify', notify, secretsDirectory, true)] : []),
    // The end of Watchdog must not look like one more sign of life.
    ...(deadman.length ? [receiver('deadman', deadman, secretsDirectory, false)] : []),
    { name: 'nobody' },
  ];
  return yaml({
    // A receiver's address is as given; an answer must not send the alerts elsewhere.
    global: { http_config: { follow_redirects: false } },
    route: route(alerts, receivers),
    inhibit_rules: inhibitRules(alerts.filter(({ enabled }) => enabled)),
    receivers: named,
  });
}
