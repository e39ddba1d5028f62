/**
 * ContextForge: its INTERNAL spans (a call is `tool.invoke`; `mcp.client.call` below it is the same call going on to the
 * server), its plugins' verdicts, and the webhook of its SIEM export.
 */
import { authReasonOf } from './auth-reason.ts';
import type { Get, Reading, Source } from './source.ts';

/** `cpex.control.*`: an absent `result.allowed` means unknown, not denied. */
function readControl(reading: Reading, get: Get): void {
  const allowed = get('cpex.control.result.allowed');
  if (allowed !== 'true' && allowed !== 'false') return;
  reading.verdicts.push({
    kind: 'policy',
    decision: allowed === 'true' ? 'allow' : 'deny',
    policy: get('cpex.control.result.error_code') ?? get('cpex.control.enforcement_point') ?? 'cpex',
    reason: get('cpex.control.result.reason') ?? '',
  });
}

/** A plugin blocks by stopping the chain; a violation alone may only have been noted. */
function readPlugin(reading: Reading, get: Get): void {
  if (get('plugin.chain.stopped') !== 'true') return;
  const rule = get('plugin.chain.stopped_by') ?? get('plugin.name') ?? 'plugin';
  const hook = get('plugin.hook.type') ?? '';
  const direction = hook.includes('post') ? 'response' : 'request';
  reading.verdicts.push({ kind: 'block', rule, direction });
}

/** One event of the SIEM export, which reports security events and no calls. */
function readSiem(reading: Reading, get: Get): void {
  const type = get('event_type') ?? '';
  const action = get('action_taken') ?? '';
  if (get('source.event_source') === 'auth' && /fail|denied|invalid|unauthori[sz]ed|expired/i.test(type)) {
    reading.verdicts.push({
      kind: 'auth',
      reason: authReasonOf(`${type.replaceAll('_', ' ')} ${get('description')}`),
    });
  } else if (/block|den(y|ied)|reject/i.test(action)) {
    const isContent = /dlp|pii|secret|content|injection|data/i.test(`${get('category')} ${type}`);
    reading.verdicts.push(
      isContent
        ? { kind: 'block', rule: type || 'siem' }
        : { kind: 'policy', decision: 'deny', policy: type || 'siem' },
    );
  }
}

export const contextforge: Source = {
  name: 'contextforge',
  title: 'ContextForge',
  detect: {
    anyOf: [
      'tool.gateway_id',
      'contextforge.gateway_id',
      'upstream.response.success',
      'cpex.control.status',
      'cpex.control.tool.name',
      'plugin.chain.stopped',
    ],
  },
  perspective: { internal: 'gateway', line: 'gateway' },
  sees: ['tool_calls', 'tool_errors', 'sessions', 'users', 'policy_decisions', 'dlp_blocks', 'auth_failures'],
  fields: {
    tool: ['cpex.control.tool.name', 'metadata.tool_name', 'metadata.tool'],
    server: ['tool.gateway_id', 'contextforge.gateway_id', 'server_id', 'source.service'],
    user: ['user.email', 'actor.user_email', 'actor.user_id'],
    userAgent: ['actor.user_agent'],
    address: ['actor.client_ip'],
    conversation: ['langfuse.session.id'],
    duration: ['duration.ms'],
    requestId: ['event_id'],
  },
  also: [
    'success',
    'cpex.control.result.allowed',
    'cpex.control.result.reason',
    'cpex.control.result.error_code',
    'cpex.control.enforcement_point',
    'plugin.chain.stopped_by',
    'plugin.name',
    'plugin.hook.type',
    'event_type',
    'category',
    'description',
    'action_taken',
    'source.event_source',
  ],
  refine(reading, get, record) {
    reading.method = record.name === 'tool.invoke' ? 'tools/call' : undefined;
    if (get('success') === 'false') reading.failed = true;
    readControl(reading, get);
    readPlugin(reading, get);
    if (record.signal === 'line') readSiem(reading, get);
  },
};
