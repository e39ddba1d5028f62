import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compileAlerts } from '../../alerts/compile.ts';
import { resolveAlerts } from '../../alerts/resolve.ts';
import {
  email,
  incidentIo,
  msTeams,
  pagerDuty,
  type Receivers,
  secretNames,
  slack,
  webhook,
} from '../../alerts/routing/receivers.ts';
import { configOf, Folder, judge } from './compiled.ts';

const all: Receivers = {
  page: [pagerDuty(), incidentIo({ url: 'https://api.incident.io/v2/alert_events/http/1' }), webhook()],
  notify: [
    slack({ channel: '#mcp-alerts' }),
    slack({ channel: '#security', secret: 'slack-security-url' }),
    msTeams(),
    email({
      to: 'oncall@example.org',
      from: 'mcp@example.org',
      smarthost: 'smtp.example.org:587',
      username: 'mcp',
    }),
  ],
  deadman: [webhook({ secret: 'deadman-url' })],
};

const compile = (receivers: Receivers) => compileAlerts(configOf({}, receivers));

describe('alertmanager.yml', () => {
  const folder = new Folder();
  const file = (receivers: Receivers) => folder.write('alertmanager.yml', compile(receivers).alertmanager);
  afterAll(() => folder.remove());

  test.each([
    ['nobody', {}],
    ['everybody', all],
    ['a page alone', { page: [pagerDuty()] }],
    ['chat alone', { notify: [slack()] }],
  ] as [string, Receivers][])('is valid when it tells %s', async (_, receivers) => {
    const { ok, text } = await judge('amtool', ['check-config', file(receivers)]);
    expect(ok, text).toBe(true);
  });

  const critical = ['severity=critical', 'alertname=AuthFailureBurst', 'source=203.0.113.7'];
  const warning = ['severity=warning', 'alertname=ToolErrorSustained', 'server=files', 'tool=read'];
  const watchdog = ['severity=none', 'alertname=Watchdog'];
  const nothing = ['severity=none', 'alertname=SessionAnomaly'];
  test.each([
    ['a page goes to the pager and to chat', all, critical, 'page,notify'],
    ['a warning goes to chat alone', all, warning, 'notify'],
    ['Watchdog goes to the dead man’s switch alone', all, watchdog, 'deadman'],
    ['what only drives other machinery goes to nobody', all, nothing, 'nobody'],
    ['without a pager, a page goes to chat', { notify: [slack()] }, critical, 'notify'],
    ['without chat, a page goes to the pager', { page: [pagerDuty()] }, critical, 'page'],
    ['without chat, a warning goes to nobody', { page: [pagerDuty()] }, warning, 'nobody'],
    ['without a dead man’s switch, Watchdog goes to nobody', { page: [pagerDuty()] }, watchdog, 'nobody'],
  ] as [string, Receivers, string[], string][])('%s', async (_, receivers, labels, expected) => {
    const config = file(receivers);
    const route = (verified: string) =>
      judge('amtool', [
        'config',
        'routes',
        'test',
        `--config.file=${config}`,
        `--verify.receivers=${verified}`,
        ...labels,
      ]);
    const right = await route(expected);
    expect(right.ok, right.text).toBe(true);
    expect((await route('somebody-else')).ok).toBe(false);
  });

  test.each(Object.values(resolveAlerts()).map(({ name, severity }) => [name, severity] as const))(
    '%s (%s) reaches whoever its severity is for',
    async (name, severity) => {
      const receivers = { critical: 'page,notify', warning: 'notify', none: 'deadman' }[severity];
      const { ok, text } = await judge('amtool', [
        ...['config', 'routes', 'test', `--config.file=${file(all)}`, `--verify.receivers=${receivers}`],
        ...[`alertname=${name}`, `severity=${severity}`],
      ]);
      expect(ok, text).toBe(true);
    },
  );
});

interface Route {
  readonly receiver: string;
  readonly matchers?: string[];
  readonly group_by: string[];
  readonly group_wait: string;
  readonly group_interval: string;
  readonly repeat_interval: string;
}

describe('what keeps a page from being lost', () => {
  const { alertmanager } = compile(all);
  const config = parse(alertmanager);
  const routes: Route[] = config.route.routes;

  test('every page is a group of its own and told of at once', () => {
    const pages = routes.filter(({ matchers }) => matchers?.includes('severity="critical"'));
    expect(pages.map(({ receiver }) => receiver)).toEqual(['page', 'notify']);
    for (const page of pages) {
      expect(page.group_by).toEqual(['...']);
      expect([page.group_wait, page.group_interval, page.repeat_interval]).toEqual(['0s', '1m', '1h']);
    }
  });

  test('the dead man’s switch is told every minute, and never that all is over', () => {
    const deadman = routes.find(({ receiver }) => receiver === 'deadman');
    expect(deadman).toMatchObject({ group_wait: '0s', group_interval: '1m', repeat_interval: '1m' });
    const receiver = config.receivers.find(({ name }: { name: string }) => name === 'deadman');
    expect(receiver.webhook_configs).toMatchObject([{ send_resolved: false }]);
  });

  test('no inhibition touches Watchdog or a page other than that of a burst in a storm', () => {
    for (const { target_matchers } of config.inhibit_rules) {
      const isWarning = target_matchers.includes('severity="warning"');
      expect(isWarning || target_matchers.join() === 'alertname="AuthFailureBurst"').toBe(true);
    }
  });

  test('a collector that is down hides the warnings about what it counted, and no others', () => {
    const [rule] = config.inhibit_rules;
    expect(rule.source_matchers).toEqual(['alertname="CollectorDown"']);
    expect(rule.target_matchers[1]).toBe(
      'alertname=~"SessionAnomaly|FindingsToReview|DetectorFailing|ToolErrorSustained|LatencyDegradation|IngestRejecting|SendersDropping|EventsLate|JournalCorrupt|JournalUncompressed|JournalUndeleted|SnapshotFailing|IndexBehind|SeriesOverflow|StateEvicted"',
    );
  });

  test('redirects are not followed', () => {
    expect(config.global.http_config).toEqual({ follow_redirects: false });
    expect(alertmanager.match(/http_config/g)).toHaveLength(1);
  });
});

describe('secrets', () => {
  test('are files of one folder', () => {
    const { alertmanager } = compile(all);
    const files = [...alertmanager.matchAll(/_file: (\S+)/g)].map(([, path]) => path);
    expect(files).toHaveLength(8);
    expect(files.every((path) => path!.startsWith('/etc/alertmanager/secrets/'))).toBe(true);
    expect(new Set(files.map((path) => path!.split('/').at(-1)))).toEqual(new Set(secretNames(all)));
    expect(alertmanager).not.toMatch(
      /(?:routing_key|api_url|webhook_url|password|token|[^_]url_file): *http/,
    );
  });

  test('can lie elsewhere on a machine without Kubernetes', () => {
    const { alertmanager } = compileAlerts(configOf({}, all), { secretsDirectory: '/run/secrets' });
    expect(alertmanager).toContain('routing_key_file: /run/secrets/pagerduty-routing-key');
  });

  test.each(['https://hooks.slack.com/services/T0/B0/x', '../token', '..', '', 'a b'])(
    'cannot be written into the configuration: %s',
    (secret) => {
      expect(() => slack({ secret })).toThrow('the secret itself must not stand here');
    },
  );
});

describe('synth says who is not told', () => {
  test.each([
    [{}, ['nobody is told of any alert', 'nobody notices when this monitor dies']],
    [
      { page: [pagerDuty()] },
      ['nobody is told of warnings', 'when the only receiver fails', 'nobody notices'],
    ],
    [
      { notify: [slack()] },
      ['critical alerts page nobody', 'when the only receiver fails', 'nobody notices'],
    ],
    [{ page: [pagerDuty()], notify: [slack()] }, ['nobody notices when this monitor dies']],
    [all, []],
  ] as [Receivers, string[]][])('%#', (receivers, sentences) => {
    const { warnings } = compile(receivers);
    expect(warnings).toHaveLength(sentences.length);
    for (const [i, sentence] of sentences.entries()) expect(warnings[i]).toContain(sentence);
  });

  test.each([
    [{ warning: [slack()] }, 'receivers.warning is not a setting (known here: page, notify, deadman)'],
    [{ page: pagerDuty() }, 'receivers.page must be a list such as'],
    [{ page: ['pagerduty'] }, 'receivers.page must be a list such as'],
  ])('%j is refused', (receivers, sentence) => {
    expect(() => compile(receivers as Receivers)).toThrow(`stack.config.ts: ${sentence}`);
  });
});
