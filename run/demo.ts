/** `npm run demo`: recorded agent sessions and a few incidents, from the event to the page, on real processes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { resolveAlerts } from '../alerts/resolve.ts';
import { addressLines, checklist, conclusion } from './demo-text.ts';
import { judge, type Verdict } from './expectations.ts';
import type { LocalStack } from './local-stack.ts';
import { paint } from './notice-text.ts';
import { progressLine } from './progress.ts';
import { planReplay, type Replay } from './replay/replay.ts';
import { sendReplay } from './replay/send.ts';
import { demoRegistry } from './replay/servers.ts';
import { aborted, print, runMain, withLocalStack } from './terminal.ts';

const help = `Usage: npm run demo [-- --once]

Starts a collector, Prometheus, Alertmanager and a pager on free ports of this machine, with the configuration that
synth writes from stack.config.ts; replays recorded agent sessions, one of them attacked, and a few incidents; prints
each alert as on-call would see it. It takes about two minutes and then runs until Ctrl-C.

  --once  end by itself: with 0 when every expected alert came and no other, else with 1
  --help  this text`;

/** Longest time from the last event to the last alert: two slow evaluations and the wait of a group of warnings. */
const LAST_ALERT_MS = 75_000;
/** After the last expected alert, for others that might still come: one evaluation and the wait of a group. */
const OTHERS_MS = 35_000;
/** How often the notices are looked at. */
const LOOK_EVERY_MS = 250;

runMain(async () => {
  const { values } = parseArgs({
    options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return print(help);
  const { default: configured } = await import('../stack.config.ts');
  const replay = planReplay(resolveAlerts(configured.alerts, configured.runbookBaseUrl));
  const hasRegistry = Object.keys(configured.servers).length > 0;
  const config = hasRegistry ? configured : { ...configured, servers: demoRegistry(replay.servers) };
  const progress = progressLine();

  async function play(stack: LocalStack, interrupted: AbortSignal): Promise<void> {
    print(
      '',
      paint('bold', 'Running, with the configuration of stack.config.ts:'),
      ...(await addressLines(stack.urls)),
    );
    if (!hasRegistry) print('  It registers no servers, so the demo brings a registry of its own.');
    print('', paint('bold', 'Expected alerts:'), ...checklist(replay.expected, judge(replay.expected, [])));
    const verdict = await verdictOf(stack, replay, progress.show, interrupted);
    progress.clear();
    if (interrupted.aborted) {
      if (values.once) process.exitCode = 130;
      return;
    }
    print(
      '',
      paint('bold', 'Alerts that came:'),
      ...checklist(replay.expected, verdict),
      '',
      conclusion(verdict),
    );
    if (values.once) process.exitCode = verdict.missing.length + verdict.unexpected.length === 0 ? 0 : 1;
    else {
      print('', 'Still running; Ctrl-C ends it. Look around:', ...(await addressLines(stack.urls)));
      await aborted(interrupted);
    }
  }
  await withLocalStack(config, play, progress.clear);
});

/** Sends everything, then waits for what must come and a while for what must not. Ends early when interrupted. */
async function verdictOf(
  stack: LocalStack,
  replay: Replay,
  show: (text: string) => void,
  interrupted: AbortSignal,
): Promise<Verdict> {
  const look = () => judge(replay.expected, stack.pages());
  const came = () => `${look().arrived.length} of ${replay.expected.length} alerts came`;
  const waitUntil = async (done: () => boolean, atMostMs: number, what: string) => {
    const deadlineMs = Date.now() + atMostMs;
    while (!done() && Date.now() < deadlineMs) {
      show(`${what}: ${Math.ceil((deadlineMs - Date.now()) / 1_000)} s at most; ${came()}`);
      await sleep(LOOK_EVERY_MS, undefined, { signal: interrupted });
    }
  };
  try {
    const { rejected } = await sendReplay(stack.urls.ingest, replay, {
      run: `demo-${Date.now()}`,
      signal: interrupted,
      onProgress: (sent) =>
        show(`Replaying ${replay.sessions} sessions: event ${sent} of ${replay.events.length}; ${came()}`),
    });
    if (rejected.length > 0)
      throw new Error(`the collector refused ${rejected.length} events: ${rejected[0]}`);
    await waitUntil(() => look().missing.length === 0, LAST_ALERT_MS, 'Waiting for the last alerts');
    await waitUntil(() => look().unexpected.length > 0, OTHERS_MS, 'Waiting for alerts that should not come');
  } catch (error) {
    if (!interrupted.aborted) throw error;
  }
  return look();
}
