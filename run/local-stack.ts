/** Collector, Prometheus, Alertmanager and a pager on free loopback ports, with the configuration that synth writes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { StackConfig } from '../stack/config.ts';
import { collectorNodeFlags } from '../stack/node-flags.ts';
import { findBinaries } from './binaries/find.ts';
import type { Progress } from './binaries/tools.ts';
import { freePorts } from './free-port.ts';
import { writeLocalFiles } from './local-files.ts';
import { type Notice, type Pager, startPager } from './pager.ts';
import { type RunningProcess, startProcess } from './process.ts';

const root = resolve(import.meta.dirname, '..');

export interface LocalStackOptions {
  readonly config: StackConfig;
  readonly progress?: Progress;
  readonly onNotice?: (notice: Notice) => void;
}

export interface LocalStack {
  readonly urls: {
    /** Takes events at `/v1/events`. */
    readonly ingest: string;
    /** The collector's `/metrics`. */
    readonly operations: string;
    /** Investigation pages. */
    readonly pages: string;
    readonly prometheus: string;
    readonly alertmanager: string;
  };
  /** Every notice that Alertmanager sent, whoever it was meant for. */
  readonly pages: () => readonly Notice[];
  /** Settles with a sentence when one of the processes ends by itself. */
  readonly broken: Promise<string>;
  /** Stops everything and removes its data. */
  readonly stop: () => Promise<void>;
}

/** Starts them all. Throws one sentence, with the last lines of its log, when one does not start; then none runs. */
export async function startLocalStack({
  config,
  progress,
  onNotice,
}: LocalStackOptions): Promise<LocalStack> {
  const binaries = await findBinaries(process.env, progress);
  const [ingest, operations, pages, prometheus, alertmanager, pagerPort] = await freePorts(6);
  const ports = {
    ingest: ingest!,
    operations: operations!,
    pages: pages!,
    prometheus: prometheus!,
    alertmanager: alertmanager!,
  };
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', removeFolder);
  const running = new Map<string, RunningProcess>();
  let pager: Pager | undefined;
  let stopping = false;
  const broken = Promise.withResolvers<string>();

  const start = async (name: string, command: string, args: readonly string[], readyUrl: string) => {
    // Prometheus expands POD_NAME into the replica's label.
    const env = { ...process.env, POD_NAME: `${name.toLowerCase()}-0` };
    const started = await startProcess({ name, command, args, readyUrl, env });
    running.set(name, started);
    started.ended.then((how) => {
      if (stopping) return;
      broken.resolve(`${name} ${how}: ${started.log().at(-1) ?? 'it said nothing'}`);
    });
  };
  const stop = async () => {
    stopping = true;
    // Those that ask before those that answer, so that none reports the other as down.
    for (const name of ['Prometheus', 'Alertmanager', 'Collector']) await running.get(name)?.stop();
    await pager?.close();
    process.off('exit', removeFolder);
    removeFolder();
  };

  try {
    pager = await startPager(pagerPort!, onNotice);
    const files = writeLocalFiles(folder, config, ports, pager.url);
    progress?.('Starting the collector, Alertmanager and Prometheus');
    await start(
      'Collector',
      process.execPath,
      [
        ...collectorNodeFlags(config.collector.resources.memory, config.collector.processes),
        join(root, 'collector', 'main.ts'),
        '--config',
        files.collector,
      ],
      `${url(ports.operations)}/readyz`,
    );
    await start(
      'Alertmanager',
      binaries.alertmanager.path,
      [
        `--config.file=${files.alertmanager}`,
        `--storage.path=${join(folder, 'alertmanager', 'data')}`,
        `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
        // One alone: no peers to wait for.
        '--cluster.listen-address=',
      ],
      `${url(ports.alertmanager)}/-/ready`,
    );
    await start(
      'Prometheus',
      binaries.prometheus.path,
      [
        `--config.file=${files.prometheus}`,
        `--storage.tsdb.path=${join(folder, 'prometheus', 'data')}`,
        `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      ],
      `${url(ports.prometheus)}/-/ready`,
    );
    return {
      urls: {
        ingest: url(ports.ingest),
        operations: url(ports.operations),
        pages: url(ports.pages),
        prometheus: url(ports.prometheus),
        alertmanager: url(ports.alertmanager),
      },
      pages: () => pager!.notices,
      broken: broken.promise,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
