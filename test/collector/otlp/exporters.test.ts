import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectorDuplicates, collectorEvents } from '../../../collector/catalogue/collector-metrics.ts';
import { policyDecisions, toolCallDuration, toolCalls } from '../../../collector/catalogue/metrics.ts';
import { RunningCollector } from '../running.ts';

let collector: RunningCollector;
beforeAll(async () => {
  collector = await RunningCollector.start();
});
afterAll(() => collector.end());

const url = (path: string) => `http://127.0.0.1:${collector.ports.ingest}${path}`;
const traces = { proto: ProtoTraceExporter, json: JsonTraceExporter };

/** What a server's calls come to: how each ends by the conventions, and what has to be counted. */
const endings = [
  ['ok', 40, {}],
  ['tool_error', 7, { 'error.type': 'tool_error' }],
  ['protocol_error', 5, { 'error.type': '-32602', 'rpc.response.status_code': '-32602' }],
  ['server_error', 3, { 'error.type': '-32603', 'rpc.response.status_code': '-32603' }],
] as const;

describe('the official JavaScript exporters', () => {
  test.each([
    ['proto', CompressionAlgorithm.NONE],
    ['proto', CompressionAlgorithm.GZIP],
    ['json', CompressionAlgorithm.NONE],
    ['json', CompressionAlgorithm.GZIP],
  ] as const)(
    '%s with compression %s: calls made are calls counted, and exporting again changes nothing',
    async (encoding, compression) => {
      const server = `${encoding}-${compression}`;
      const exporter = new traces[encoding]({ url: url('/v1/traces'), compression });
      const provider = new BasicTracerProvider({
        resource: resourceFromAttributes({
          'service.name': server,
          'process.command_args': ['node', 'server.js'],
        }),
        spanProcessors: [new BatchSpanProcessor(exporter)],
      });
      const tracer = provider.getTracer('my-mcp-server', '1.0.0');
      for (const [outcome, times, attributes] of endings) {
        for (let i = 0; i < times; i++) {
          const span = tracer.startSpan('tools/call add', {
            kind: SpanKind.SERVER,
            attributes: {
              'mcp.method.name': 'tools/call',
              'gen_ai.tool.name': 'add',
              'mcp.session.id': `session-${i % 3}`,
              'mcp.protocol.version': '2025-11-25',
              'mcp.client.name': 'desk',
              'jsonrpc.request.id': String(i),
              'server.port': 8080,
              ...attributes,
            },
          });
          if (outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR, message: 'what the tool said' });
          span.addEvent('log', { 'exception.message': 'what the tool said' });
          span.end();
        }
      }
      tracer.startSpan('GET /health', { kind: SpanKind.SERVER }).end();
      await provider.forceFlush();
      for (const [outcome, times] of endings) {
        expect(await collector.sample(toolCalls, { server, tool: 'add', client: 'desk', outcome })).toBe(
          times,
        );
      }
      await provider.shutdown();
    },
  );

  test('log records in protobuf become calls and decisions', async () => {
    const exporter = new OTLPLogExporter({ url: url('/v1/logs'), compression: CompressionAlgorithm.GZIP });
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'gemini-cli', 'service.version': '1.2' }),
      processors: [new BatchLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger('gemini-cli');
    for (let i = 0; i < 6; i++) {
      logger.emit({
        severityNumber: SeverityNumber.INFO,
        body: 'Tool call: search.',
        attributes: {
          'event.name': 'gemini_cli.tool_call',
          'session.id': 'g-1',
          function_name: 'search',
          tool_type: 'mcp',
          mcp_server_name: 'papers',
          success: i !== 0,
          decision: i === 5 ? 'reject' : 'accept',
          duration_ms: 10 * i,
        },
      });
    }
    await provider.forceFlush();
    const decided = (decision: string) =>
      collector.sample(collectorEvents, { source: 'gemini_cli', kind: decision });
    expect(await decided('policy_decision')).toBe(6);
    expect(await decided('tool_call')).toBe(5);
    expect(
      await collector.sample(policyDecisions, { server: 'papers', tool: '_unknown', decision: 'deny' }),
    ).toBe(1);
    await provider.shutdown();
  });

  test('nothing of what they send is told apart wrongly: no duplicates, durations present', async () => {
    expect((await collector.sample(collectorDuplicates)) ?? 0).toBe(0);
    const { text } = await collector.operations('/metrics');
    expect(text).toContain(toolCallDuration.name);
    expect(text).not.toContain('what the tool said');
  });
});
