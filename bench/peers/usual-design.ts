/**
 * The usual design: fastify with its own JSON parser, zod for the shape, prom-client for the metrics, a Map of sessions.
 * It counts what ours counts for a call (calls, duration, bytes both ways) and does no more: no disk, no dedupe, no bounds.
 */
import fastify from 'fastify';
import { Counter, Histogram, Registry } from 'prom-client';
import * as z from 'zod';
import { faults, outcomes } from '../../collector/catalogue/labels.ts';
import {
  durationBuckets,
  toolCallBytes,
  toolCallDuration,
  toolCalls,
} from '../../collector/catalogue/metrics.ts';
import { listening } from './listening.ts';

const name = z.string().min(1).max(256);
const bytes = z.number().int().min(0);
const toolCall = z.strictObject({
  kind: z.literal('tool_call'),
  id: name,
  time: z.iso.datetime({ offset: true }),
  server: name,
  tool: name,
  client: z.strictObject({ name, version: name.optional() }).optional(),
  user: name.optional(),
  session: z
    .strictObject({
      id: name,
      type: name.optional(),
      origin: z.enum(['transport', 'explicit', 'trace', 'inferred']).optional(),
    })
    .optional(),
  trace_id: name.optional(),
  source: name.optional(),
  environment: name.optional(),
  outcome: z.enum(outcomes),
  fault: z.enum(faults).optional(),
  perspective: z.enum(['server', 'gateway', 'client']).optional(),
  code: z.number().int().optional(),
  duration_ms: z.number().min(0).optional(),
  request_bytes: bytes.optional(),
  response_bytes: bytes.optional(),
});
const toolCallBatch = z.array(toolCall).max(10_000);

const registers = [new Registry()];
const calls = new Counter({
  ...{ name: toolCalls.name, help: toolCalls.help, registers },
  labelNames: ['server', 'tool', 'client', 'outcome'],
});
const durations = new Histogram({
  ...{ name: toolCallDuration.name, help: toolCallDuration.help, registers },
  labelNames: ['server', 'tool'],
  buckets: [...durationBuckets],
});
const sizes = new Counter({
  ...{ name: toolCallBytes.name, help: toolCallBytes.help, registers },
  labelNames: ['server', 'tool', 'direction'],
});
const sessions = new Map<string, { calls: number; tools: Set<string>; lastMs: number }>();

function count(call: z.infer<typeof toolCall>): void {
  const { server, tool, outcome } = call;
  calls.inc({ server, tool, client: call.client?.name ?? '_unknown', outcome });
  if (call.duration_ms !== undefined) durations.observe({ server, tool }, call.duration_ms / 1_000);
  if (call.request_bytes !== undefined) sizes.inc({ server, tool, direction: 'request' }, call.request_bytes);
  if (call.response_bytes !== undefined)
    sizes.inc({ server, tool, direction: 'response' }, call.response_bytes);
  if (call.session === undefined) return;
  const session = sessions.get(call.session.id) ?? { calls: 0, tools: new Set<string>(), lastMs: 0 };
  sessions.set(call.session.id, session);
  session.calls++;
  session.tools.add(tool);
  session.lastMs = Date.parse(call.time);
}

const app = fastify({ logger: false });
app.addContentTypeParser('application/x-ndjson', { parseAs: 'string' }, (_request, body, done) => {
  const lines = String(body).split('\n');
  done(
    null,
    lines.filter((line) => line !== '').map((line) => JSON.parse(line)),
  );
});
app.post('/v1/events', { bodyLimit: 8 * 1024 * 1024 }, async (request, reply) => {
  const parsed = toolCallBatch.safeParse(Array.isArray(request.body) ? request.body : [request.body]);
  if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
  for (const call of parsed.data) count(call);
  return reply.code(202).send({ accepted: parsed.data.length });
});
await app.listen({ host: '127.0.0.1', port: 0 });
listening(app.server);
