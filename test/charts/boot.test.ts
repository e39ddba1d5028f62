import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { mapsOf, mount } from './kubelet.ts';
import { type Manifests, synthesise } from './manifests.ts';

describe('the collector in a stock Node image', () => {
  const root = mkdtempSync(join(tmpdir(), 'mcp-lookout-boot-'));
  const dataDirectory = join(root, 'data');
  let manifests: Manifests;
  let collector: ChildProcess;
  let ports: Record<'ingest' | 'operations' | 'pages', number>;
  const lines: string[] = [];

  beforeAll(async () => {
    manifests = await synthesise();
    const workload = manifests.get('StatefulSet', 'collector');
    mount(join(root, 'code'), mapsOf(manifests, workload, 'code'));
    const [settings] = mapsOf(manifests, workload, 'config');
    const anyPort = { host: '127.0.0.1', port: 0 };
    const config = {
      ...JSON.parse(settings!.data!['collector.json']!),
      ...{ ingest: anyPort, operations: anyPort, pages: anyPort },
      ...{ dataDirectory, tokensFile: join(root, 'tokens') },
    };
    mkdirSync(dataDirectory);
    writeFileSync(join(root, 'tokens'), 'secret-token\n');
    writeFileSync(join(root, 'collector.json'), JSON.stringify(config));

    const { command, args } = workload.spec.template.spec.containers[0]!;
    expect([command, args]).toEqual([
      ['node', '/opt/collector/boot.ts'],
      ['--config', '/etc/collector/config/collector.json'],
    ]);
    // The permissions stand for the read-only root file system: only the volume can be written.
    const permissions = [
      '--permission',
      '--allow-worker',
      '--allow-fs-read=*',
      `--allow-fs-write=${dataDirectory}`,
    ];
    collector = spawn(
      process.execPath,
      [...permissions, join(root, 'code', 'boot.ts'), '--config', join(root, 'collector.json')],
      { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    createInterface({ input: collector.stderr! }).on('line', (line) => lines.push(line));
    for await (const line of createInterface({ input: collector.stdout! })) {
      lines.push(line);
      ports = JSON.parse(line).ports;
      if (ports) break;
    }
  });

  afterAll(() => {
    collector.kill('SIGKILL');
    rmSync(root, { recursive: true });
  });

  const at = (port: number, path: string) => `http://127.0.0.1:${port}${path}`;

  test('takes an event, shows it as a metric, and ends with 0 when told to', async () => {
    expect(ports, lines.join('\n')).toBeDefined();
    const event = {
      ...{
        id: 'e1',
        time: new Date().toISOString(),
        kind: 'tool_call',
        server: 'github',
        tool: 'search_code',
      },
      ...{ outcome: 'ok', duration_ms: 12, request_bytes: 1, response_bytes: 2 },
    };
    const answer = await fetch(at(ports.ingest, '/v1/events'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret-token' },
      body: JSON.stringify(event),
    });
    expect([answer.status, await answer.json()]).toEqual([202, { accepted: 1, duplicates: 0, rejected: [] }]);

    const metrics = await (await fetch(at(ports.operations, '/metrics'))).text();
    expect(metrics).toContain('mcp_tool_calls_total{server="github",tool="search_code"');
    for (const path of ['/livez', '/readyz'])
      expect((await fetch(at(ports.operations, path))).status).toBe(200);

    // The thread of the index begins with the same file as the collector.
    await vi.waitFor(async () => {
      const sessions = await fetch(at(ports.pages, '/api/sessions?state=ended'));
      expect(await sessions.json()).toEqual({ matching: 0, sessions: [] });
    }, 10_000);

    const ended = once(collector, 'exit');
    collector.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
