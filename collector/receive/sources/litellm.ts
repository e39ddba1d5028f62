/**
 * LiteLLM's MCP gateway: the payloads that its generic API logger posts, one object for each call to a model or a tool.
 * What its guardrails stopped is in the same object.
 */
import type { AttributeValue } from '../otlp/record.ts';
import type { Source } from './source.ts';

const call = 'metadata.mcp_tool_call_metadata';

/** The guardrails that intervened. */
function interventions(information: AttributeValue | undefined): string[] {
  const entries = Array.isArray(information) ? information : [];
  return entries.flatMap((entry) => {
    if (!(entry instanceof Map)) return [];
    const status = entry.get('guardrail_status');
    const name = entry.get('guardrail_name');
    return status === 'guardrail_intervened' || status === 'blocked'
      ? [typeof name === 'string' ? name : 'guardrail']
      : [];
  });
}

export const litellm: Source = {
  name: 'litellm',
  title: 'LiteLLM',
  perspective: { line: 'gateway' },
  sees: [
    'tool_calls',
    'tool_errors',
    'sessions',
    'clients',
    'users',
    'bytes',
    'policy_decisions',
    'dlp_blocks',
    'auth_failures',
    'payloads',
  ],
  fields: {
    tool: [`${call}.name`],
    server: [`${call}.mcp_server_name`],
    session: [`${call}.mcp_session_id`],
    arguments: [`${call}.arguments`],
    result: [`${call}.result`],
    user: [
      'end_user',
      'metadata.user_api_key_end_user_id',
      'metadata.user_api_key_user_id',
      'metadata.user_api_key_alias',
    ],
    userAgent: ['metadata.user_agent'],
    address: ['metadata.requester_ip_address'],
    time: ['endTime'],
    startTime: ['startTime'],
    duration: ['response_time'],
    httpStatus: ['error_information.error_code'],
    errorMessage: ['error_str', 'error_information.error_message'],
    requestId: ['id'],
  },
  without: ['traceId'],
  also: ['call_type', 'status', 'guardrail_information'],
  durationUnit: 's',
  refine(reading, get, record) {
    if (get('call_type') !== 'call_mcp_tool') return;
    reading.method = 'tools/call';
    reading.failed = get('status') === 'failure';
    for (const rule of interventions(record.attributes.get('guardrail_information'))) {
      reading.verdicts.push({ kind: 'block', rule });
    }
  },
};
