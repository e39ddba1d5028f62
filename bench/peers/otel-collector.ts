/**
 * An OpenTelemetry Collector, built from `otel-collector/` by the machine's own Go: otlp in, spanmetrics with the dimensions
 * that our metrics have, prometheus out. It keeps no journal, no sessions and no ids of what it has seen.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cacheFolder } from '../../run/binaries/cache.ts';
import { freePorts } from '../../run/free-port.ts';
import type { Usage } from '../child.ts';
import type { Target } from '../load/load.ts';

const source = join(import.meta.dirname, 'otel-collector');
const run = promisify(execFile);
/** Clock ticks of `/proc/<pid>/stat`, which Linux fixes at 100 a second for whoever reads them. */
const TICK_US = 10_000;
const START_MS = 15_000;

/** The version of the Collector's modules that are built. */
export const otelCollectorVersion = (): string =>
  /receiver\/otlpreceiver (v\S+)/.exec(readFileSync(join(source, 'go.mod'), 'utf8'))?.[1] ?? 'unknown';

/** The built program, or why there is none; the first build fetches modules and takes minutes. */
async function build(progress: (text: string) => void): Promise<string> {
  const program = join(
    dirname(cacheFolder(process.env)),
    'bench',
    `otel-collector-${otelCollectorVersion()}`,
  );
  if (existsSync(program)) return program;
  progress('building an OpenTelemetry Collector, the first time only');
  mkdirSync(dirname(program), { recursive: true });
  await run('go', ['build', '-o', program, '.'], { cwd: source });
  return program;
}

const config = (otlpPort: number, metricsPort: number) => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlpPort}"}}}}
connectors: {spanmetrics: {dimensions: [{name: gen_ai.tool.name}, {name: mcp.client.name}], metrics_flush_interval: 15s}}
exporters: {prometheus: {endpoint: "127.0.0.1:${metricsPort}"}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [spanmetrics]}
    metrics: {receivers: [spanmetrics], exporters: [prometheus]}
`;

export interface OtelCollector extends Target {
  readonly end: () => Promise<void>;
}

/** Starts one, or says why it cannot be measured on this machine. */
export async function startOtelCollector(
  progress: (text: string) => void,
): Promise<OtelCollector | { missing: string }> {
  if (process.platform !== 'linux')
    return { missing: 'its processor time is read from /proc, which only Linux has' };
  let program: string;
  try {
    program = await build(progress);
  } catch (error) {
    return { missing: `Go cannot build it here (${(error as Error).message.split('\n')[0]})` };
  }
  const [otlp, metrics] = (await freePorts(2)) as [number, number];
  const folder = mkdtempSync(join(tmpdir(), 'lookout-bench-otel-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config(otlp, metrics));
  const child = spawn(program, ['--config', file], { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  await listening(otlp, () => child.exitCode !== null);
  return {
    port: otlp,
    expect: () => '',
    child: { usage: async () => usageOf(child.pid as number) },
    end: async () => {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function listening(port: number, ended: () => boolean): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && !ended()) {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/traces`).catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(100);
  }
  throw new Error('the OpenTelemetry Collector of the bench did not start');
}

function usageOf(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024;
  return {
    cpuUs: (Number(fields[11]) + Number(fields[12])) * TICK_US,
    rssBytes: bytes('VmRSS'),
    peakRssBytes: bytes('VmHWM'),
  };
}
