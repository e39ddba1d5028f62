/**
 * The one file you edit. Everything has a default; what is here is what differs from it.
 * Your editor completes and checks every key; `npm run check` does so in CI. See docs/configuration.md.
 */
import { defineStack } from './stack/config.ts';

export default defineStack(
  {
    // Tell on-call and chat: import { pagerDuty, slack, webhook } from './alerts/routing/receivers.ts'.
    // Secrets are files of the Kubernetes Secret `alertmanager-receivers`, never written here.
    // receivers: { page: [pagerDuty()], notify: [slack({ channel: '#mcp-alerts' })], deadman: [webhook()] },
    // Change or switch off single alerts, by name:
    // alerts: { ToolErrorSustained: { above: 0.1, window: '10m' }, LatencyDegradation: { enabled: false } },
    // Servers you know, their owners, and who may use them:
    // servers: { github: { owner: 'platform', environment: 'production', clients: ['claude-code'] } },
  },
  {
    // Chosen with MCP_LOOKOUT_STACK=staging.
    staging: { namespace: 'mcp-lookout-staging', externalLabels: { environment: 'staging' } },
  },
);
