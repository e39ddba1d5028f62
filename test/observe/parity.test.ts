import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import type { McpServer } from '@modelcontextprotocol/server';
import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { toolCalls } from '../../collector/catalogue/metrics.ts';
import { flush, observe } from '../../observe/src/index.ts';
import { samplesFor } from '../collector/exposition.ts';
import { RunningCollector } from '../collector/running.ts';
import { httpCases, visit } from './http-cases.ts';
import { proxyTo } from './http-proxied.ts';
import { listen, statefulBy } from './listening.ts';
import { type Receiver, startReceiver, tally } from './receiver.ts';
import { SERVER_NAME, serverV2, tools } from './servers.ts';
import { CLIENT_NAME, workOut } from './workout.ts';

type Handler = (
  request: { params: { name: string } },
  context: { mcpReq: { signal: AbortSignal } },
) => Promise<object>;

/** Spans as the OpenTelemetry conventions for MCP servers ask for; neither TypeScript SDK makes any itself. */
function instrument(server: McpServer, tracer: Tracer): McpServer {
  const handlers = (server.server as unknown as { _requestHandlers: Map<string, Handler> })._requestHandlers;
  const handle = handlers.get('tools/call')!;
  handlers.set('tools/call', async (request, context) => {
    const { name } = request.params;
    const span = tracer.startSpan(`tools/call ${name}`, {
      kind: SpanKind.SERVER,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': name },
    });
    const { signal } = context.mcpReq;
    const failed = (type: string) =>
      span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
    signal.addEventListener('abort', () => failed('cancelled').end());
    try {
      const result = await handle(request, context);
      if ('isError' in result && result.isError === true) failed('tool_error');
      return result;
    } catch (error) {
      const code = String((error as { code: number }).code);
      span.setAttribute('rpc.response.status_code', code);
      failed(code);
      throw error;
    } finally {
      if (!signal.aborted) span.end();
    }
  });
  return server;
}

async function counted(collector: RunningCollector): Promise<Record<string, number>> {
  await collector.sample(toolCalls, { tool: 'none' });
  const { text } = await collector.operations('/metrics');
  const samples = samplesFor(text, toolCalls).filter(({ value }) => value > 0);
  return Object.fromEntries(
    samples.map(({ labels, value }) => [`${labels.tool} ${labels.outcome}`, value]).sort(),
  );
}

const seenBy = (receiver: Receiver) =>
  alike(tally(receiver.of('tool_call').map(({ tool, outcome }) => `${tool} ${outcome}`)));

test('wrapper, proxy and OTLP count the same traffic alike', async () => {
  await using inside = await startReceiver();
  await using before = await startReceiver();
  const collector = await RunningCollector.start();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': SERVER_NAME }),
    spanProcessors: [
      new BatchSpanProcessor(
        new OTLPTraceExporter({ url: `http://127.0.0.1:${collector.ports.ingest}/v1/traces` }),
      ),
    ],
  });
  try {
    const listener = statefulBy(async (callbacks) => {
      const transport = new NodeStreamableHTTPServerTransport(callbacks);
      const server = instrument(serverV2(), provider.getTracer('test'));
      await observe(server, { url: inside.url }).connect(transport);
      return transport;
    });
    await using server = await listen(listener);
    await using proxy = await proxyTo(server.url, before.url);
    const { client, words } = httpCases.find(({ name }) => name === 'v2 server with sessions, v2 client')!;
    // Spans name no tools but those that were called, so the collector learns the list as it would from a wrapper.
    const listed = { kind: 'tool_list', server: SERVER_NAME, tools: tools.map((name) => ({ name })) };
    await collector.send({ id: 'list', time: new Date().toISOString(), ...listed });
    const { worker: connecting, leave } = client(proxy.url);
    const worker = await connecting;
    const expected = await workOut(worker, words);
    await leave();
    await worker.close();
    await flush();
    await proxy.flush();
    await provider.forceFlush();
    const views = { wrapper: seenBy(inside), proxy: seenBy(before), OTLP: alike(await counted(collector)) };
    console.table(
      Object.fromEntries(
        Object.keys(views.wrapper).map((key) => [
          key,
          { wrapper: views.wrapper[key], proxy: views.proxy[key], OTLP: views.OTLP[key] },
        ]),
      ),
    );
    expect(Object.values(views.wrapper).reduce((sum, count) => sum + count, 0)).toBe(expected.length);
    expect(views.proxy).toEqual(views.wrapper);
    expect(views.OTLP).toEqual(views.wrapper);
    const whoAndWhere = (receiver: Receiver) =>
      new Set(receiver.of('tool_call').map(({ client, session }) => `${client?.name} ${session?.id}`));
    expect(whoAndWhere(inside)).toEqual(whoAndWhere(before));
    expect(whoAndWhere(inside).size).toBe(1);
    expect([...whoAndWhere(inside)][0]).toMatch(new RegExp(`^${CLIENT_NAME} `));
  } finally {
    await provider.shutdown();
    await collector.end();
  }
});

test('a real collector takes every event of a wrapped server, and counts what its client called', async () => {
  const collector = await RunningCollector.start();
  try {
    const url = `http://127.0.0.1:${collector.ports.ingest}`;
    const one = httpCases[0]!;
    await using server = await listen(one.listener((target) => observe(target, { url })));
    await using proxy = await proxyTo(server.url, url);
    const expected = await visit(one, proxy.url);
    await flush();
    await proxy.flush();
    const outcomes = tally(expected.map((text) => text.split(' ').slice(0, 2).join(' ')));
    expect(alike(await counted(collector))).toEqual(alike(outcomes));
    const { text } = await collector.operations('/metrics');
    for (const { labels } of samplesFor(text, toolCalls)) {
      expect(labels).toMatchObject({ server: SERVER_NAME, client: CLIENT_NAME });
    }
    expect(collector.log).not.toContain('rejected');
  } finally {
    await collector.end();
  }
});

/** A tool that its server does not know counts as `_unknown`, since whoever calls it chose the name. */
function alike(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([key, count]) => [key.replace(/^nonesuch /, '_unknown '), count]),
  );
}
