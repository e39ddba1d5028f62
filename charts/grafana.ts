/**
 * Grafana: shows the dashboards that are provisioned as files and keeps nothing of its own, so that it is one stateless
 * pod. Preferences of users are lost with it; whoever needs them uses `dist/dashboards` in a Grafana that has a database.
 */
import { stringify } from 'yaml';
import type { Artefacts } from '../stack/artefacts.ts';
import { components } from '../stack/components.ts';
import type { StackConfig } from '../stack/config.ts';
import { images } from '../stack/images.ts';
import { ComponentChart, disruptionBudget, headlessService, service, serviceAccount } from './component.ts';
import { fixedFiles, watchedFiles } from './config-maps.ts';
import type { App } from './k8s.ts';
import { networkPolicy } from './network.ts';
import { scratch, secretVolume } from './volumes.ts';
import { deployment } from './workload.ts';

/** The image's 472 may be a user of the node; any number works, since all it writes to are volumes. */
const USER = 10_472;
/** Its database is a file of the pod: a second replica would not know who logged in at the first. */
const REPLICAS = 1;

const HTTP = components.grafana.metricsPort;
const DASHBOARDS_FOLDER = '/var/lib/grafana-dashboards';
const SECRETS_FOLDER = '/run/secrets/grafana';

/** The Secret that the user creates. */
export const grafanaSecret = { name: 'grafana', keys: ['password', 'secret-key'] } as const;

const grafanaIni = (home: string | undefined) => `[analytics]
check_for_plugin_updates = false
check_for_updates = false
feedback_links_enabled = false
reporting_enabled = false

[auth.anonymous]
enabled = false

[dashboards]
${home ? `default_home_dashboard_path = ${DASHBOARDS_FOLDER}/${home}` : ''}

[log]
mode = console

[news]
news_feed_enabled = false

; The Prometheus data source is a bundled plugin. The installer that runs at start replaces bundled plugins by newer ones:
; without the network it cannot, and in a read-only image it loses the running one on the way (grafana-operator#2946).
[plugins]
plugin_admin_enabled = false
preinstall_auto_update = false
preinstall_disabled = true
public_key_retrieval_disabled = true

[security]
admin_password = $__file{${SECRETS_FOLDER}/password}
content_security_policy = true
disable_gravatar = true
secret_key = $__file{${SECRETS_FOLDER}/secret-key}

[snapshots]
external_enabled = false

; Alertmanager decides who is told; rules that only Grafana knows would be missing there.
[unified_alerting]
enabled = false

[users]
allow_sign_up = false
`;

function dataSources(config: StackConfig): string {
  const { port } = components.prometheus.metricsPort;
  return stringify({
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus',
        uid: 'prometheus',
        type: 'prometheus',
        access: 'proxy',
        url: `http://${components.prometheus.name}:${port}`,
        isDefault: true,
        editable: false,
        jsonData: { httpMethod: 'POST', timeInterval: config.prometheus.scrapeInterval },
      },
    ],
  });
}

const dashboardProvider = stringify({
  apiVersion: 1,
  providers: [
    {
      name: 'mcp-lookout',
      folder: 'MCP Lookout',
      type: 'file',
      disableDeletion: true,
      allowUiUpdates: false,
      updateIntervalSeconds: 30,
      options: { path: DASHBOARDS_FOLDER },
    },
  ],
});

/** Where Grafana looks for each file of its settings. */
const settingsVolume = (name: string) => ({
  configMap: {
    name,
    items: [
      { key: 'grafana.ini', path: 'grafana.ini' },
      { key: 'datasources.yaml', path: 'provisioning/datasources/prometheus.yaml' },
      { key: 'dashboards.yaml', path: 'provisioning/dashboards/files.yaml' },
    ],
  },
});

export function grafana(app: App, config: StackConfig, { dashboards }: Artefacts): void {
  const chart = new ComponentChart(app, 40, 'grafana', config);
  const { resources } = config.grafana;

  serviceAccount(chart);

  const [home] = Object.keys(dashboards);
  const settings = fixedFiles(chart, 'grafana', {
    data: {
      'grafana.ini': grafanaIni(home),
      'datasources.yaml': dataSources(config),
      'dashboards.yaml': dashboardProvider,
    },
  });
  // One each: together they would soon be too large to apply.
  const dashboardMaps = Object.entries(dashboards).map(([file, json]) =>
    watchedFiles(chart, `grafana-dashboard-${file.replace(/\.json$/, '')}`, {
      data: { [file]: json },
    }),
  );

  networkPolicy(chart);

  service(chart, [HTTP]);
  headlessService(chart, [HTTP]);

  disruptionBudget(chart, REPLICAS);

  deployment(chart, {
    image: images.grafana,
    user: USER,
    replicas: REPLICAS,
    resources,
    ports: [HTTP],
    probePort: HTTP.name,
    startup: { path: '/healthz', periodSeconds: 5, failureThreshold: 36 },
    liveness: { path: '/healthz', periodSeconds: 10, failureThreshold: 6 },
    // Unlike /healthz, it asks the database.
    readiness: { path: '/api/health', periodSeconds: 5, failureThreshold: 3 },
    mounts: {
      settings: { volume: settingsVolume(settings), path: '/etc/grafana' },
      dashboards: {
        volume: { projected: { sources: dashboardMaps.map((name) => ({ configMap: { name } })) } },
        path: DASHBOARDS_FOLDER,
      },
      secrets: { volume: secretVolume(grafanaSecret.name, grafanaSecret.keys), path: SECRETS_FOLDER },
      data: { volume: scratch('256Mi'), path: '/var/lib/grafana', writable: true },
      // Data sources are processes of their own, which are talked to over sockets in here.
      tmp: { volume: scratch('64Mi'), path: '/tmp', writable: true },
    },
    graceSeconds: 30,
  });
}
