/** A real Alertmanager with the compiled configuration, and receivers of ours in place of the vendors'. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { compileAlerts } from '../../alerts/compile.ts';
import { msTeams, pagerDuty, secretNames, slack, webhook } from '../../alerts/routing/receivers.ts';
import { findBinaries } from '../../run/binaries/find.ts';
import { freePorts } from '../../run/free-port.ts';
import { type RunningProcess, startProcess } from '../../run/process.ts';
import { configOf, Folder } from './compiled.ts';

const RUNBOOKS = 'https://example.org/runbooks';
/** What an attacker may choose as the name of a tool. */
const HOSTILE = '<!channel> & [reset your password](https://evil.example)';

/** Texts and fields of a notification, whichever receiver it was for. */
interface Told {
  readonly path: string;
  readonly body: string;
}

describe('a real Alertmanager with the compiled configuration', () => {
  const folder = new Folder();
  const told: Told[] = [];
  let vendors: Server;
  let alertmanager: RunningProcess;
  let api: string;

  const receivers = {
    page: [webhook({ secret: 'page-url' }), pagerDuty()],
    notify: [webhook({ secret: 'notify-url' }), slack({ channel: '#mcp' }), msTeams()],
    deadman: [webhook({ secret: 'deadman-url' })],
  };

  beforeAll(async () => {
    vendors = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      told.push({ path: request.url!, body });
      response.writeHead(request.url === '/pagerduty' ? 202 : 200).end('ok');
    });
    await new Promise<void>((listening) => vendors.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(vendors.address() as AddressInfo).port}`;

    const compiled = compileAlerts(
      { ...configOf({}, receivers), runbookBaseUrl: RUNBOOKS },
      { secretsDirectory: folder.path },
    );
    for (const name of secretNames(receivers)) folder.write(name, `${url}/${name}`);
    const config = parse(compiled.alertmanager);
    // PagerDuty's address is Alertmanager's own default; chat waits for company, which only delays a test.
    for (const receiver of config.receivers) {
      for (const service of receiver.pagerduty_configs ?? []) service.url = `${url}/pagerduty`;
    }
    for (const route of config.route.routes) if (route.group_wait !== '0s') route.group_wait = '1s';

    const [port] = await freePorts(1);
    api = `http://127.0.0.1:${port}`;
    alertmanager = await startProcess({
      name: 'Alertmanager',
      command: (await findBinaries()).alertmanager.path,
      args: [
        `--config.file=${folder.write('alertmanager.yml', stringify(config))}`,
        `--storage.path=${folder.path}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      readyUrl: `${api}/-/ready`,
    });
  });
  afterAll(async () => {
    await alertmanager?.stop();
    vendors?.close();
    folder.remove();
  });

  /** Fires alerts as Prometheus does; each ends by itself after so many seconds. */
  async function fire(seconds: number, ...all: Record<string, string>[]): Promise<void> {
    const endsAt = new Date(Date.now() + seconds * 1_000).toISOString();
    const alerts = all.map((labels) => ({
      labels,
      annotations: {
        summary: `summary of ${labels.tool ?? labels.source ?? labels.alertname}`,
        description: 'the meaning',
        action: 'Restart it.',
        runbook_url: `${RUNBOOKS}/ir-test.md`,
      },
      endsAt,
    }));
    const response = await fetch(`${api}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    expect(response.status, await response.text()).toBe(200);
  }

  const find = (path: string, text: string) =>
    told.find((one) => one.path === path && one.body.includes(text));

  async function waitFor(path: string, text: string): Promise<Told> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      const found = find(path, text);
      if (found) return found;
      await sleep(50);
    }
    throw new Error(
      `${path} was not told of ${text}; it was told:\n${told.map(({ path, body }) => `${path} ${body}`).join('\n')}`,
    );
  }

  const burst = (source: string) => ({ alertname: 'AuthFailureBurst', severity: 'critical', source });

  test('a page that lasts two seconds is told of, also beside one that is already told of', async () => {
    await fire(120, burst('203.0.113.1'));
    await waitFor('/page-url', '203.0.113.1');
    await fire(2, burst('203.0.113.2'));
    await waitFor('/page-url', '203.0.113.2');
    await waitFor('/notify-url', '203.0.113.2');
  });

  test('a warning goes to chat and pages nobody', async () => {
    await fire(120, { alertname: 'ToolErrorSustained', severity: 'warning', server: 'files', tool: 'read' });
    await waitFor('/notify-url', 'summary of read');
    expect(find('/page-url', 'ToolErrorSustained')).toBeUndefined();
  });

  test('the dead man’s switch is told at once, and nobody else is', async () => {
    await fire(120, { alertname: 'Watchdog', severity: 'none' });
    await waitFor('/deadman-url', 'Watchdog');
    await sleep(2_000);
    expect(find('/page-url', 'Watchdog') ?? find('/notify-url', 'Watchdog')).toBeUndefined();
  });

  test('a storm silences the bursts of single sources, and a dead collector the warnings about what it counted', async () => {
    await fire(
      120,
      { alertname: 'AuthFailureStorm', severity: 'critical' },
      { alertname: 'CollectorDown', severity: 'critical' },
    );
    await waitFor('/page-url', 'AuthFailureStorm');
    await waitFor('/page-url', 'CollectorDown');
    await fire(
      120,
      burst('203.0.113.9'),
      { alertname: 'LatencyDegradation', severity: 'warning', server: 'files', tool: 'slow' },
      { alertname: 'TargetDown', severity: 'warning', job: 'grafana', instance: 'grafana:3000' },
    );
    await waitFor('/notify-url', 'TargetDown');
    await sleep(2_000);
    expect(find('/page-url', '203.0.113.9')).toBeUndefined();
    expect(find('/notify-url', 'LatencyDegradation')).toBeUndefined();
  });

  test('each receiver says what happened, what to do and where the runbook is', async () => {
    const alertname = 'DlpBlockSpike';
    await fire(120, { alertname, severity: 'critical', tool: HOSTILE });

    const pagerduty = JSON.parse((await waitFor('/pagerduty', alertname)).body);
    expect(pagerduty.payload).toMatchObject({
      summary: `summary of ${HOSTILE}`,
      severity: 'critical',
      class: alertname,
      custom_details: { meaning: 'the meaning', action: 'Restart it.', runbook: `${RUNBOOKS}/ir-test.md` },
    });
    expect(pagerduty.links).toEqual([{ href: `${RUNBOOKS}/ir-test.md`, text: 'Runbook' }]);

    const [attachment] = JSON.parse((await waitFor('/slack-webhook-url', '!channel')).body).attachments;
    expect(attachment).toMatchObject({ title_link: `${RUNBOOKS}/ir-test.md`, color: 'danger' });
    expect(attachment.title).toBe(
      'summary of &lt;!channel&gt; &amp; [reset your password](https://evil.example)',
    );
    expect(attachment.text).toMatch(/the meaning\n\n\*Do:\* Restart it\.\n\n\*Runbook:\* https/);
    expect(attachment.text).not.toContain('<!channel>');

    const teams = (await waitFor('/msteams-webhook-url', '!channel')).body;
    expect(teams).toContain('[reset your password] (https://evil.example)');
    expect(teams).not.toContain('](');
    expect(teams).toContain('**Do:** Restart it.');
  });
});
