/**
 * Where sources in general put what an event needs: the OpenTelemetry MCP conventions first, then the other names that
 * libraries and gateways use. A name that means something else elsewhere stands in its source's file instead.
 */
import type { Field } from './source.ts';

export const commonFields: Readonly<Record<Field, readonly string[]>> = {
  method: ['mcp.method.name', 'mcp.method', 'mcp_method'],
  tool: ['gen_ai.tool.name', 'mcp.tool.name', 'tool.name', 'mcp_tool_name'],
  server: ['mcp.server.name', 'fastmcp.server.name', 'mcp.target', 'mcp_server_name'],
  clientName: ['mcp.client.name', 'mcp.client_name', 'mcp_client_name'],
  clientVersion: ['mcp.client.version', 'mcp.client_version', 'mcp_client_version'],
  userAgent: ['user_agent.original', 'http.user_agent', 'user_agent'],
  user: ['enduser.id', 'user.id', 'mcp.actor_id', 'mcp.auth.client.name'],
  address: ['client.address', 'source.address', 'net.peer.ip', 'client_address'],
  environment: ['deployment.environment.name', 'deployment.environment'],
  session: ['mcp.session.id', 'mcp.session_id', 'mcp_session_id'],
  conversation: ['gen_ai.conversation.id', 'session.id'],
  protocolVersion: ['mcp.protocol.version', 'mcp.protocol.revision', 'mcp_protocol_version'],
  requestId: ['jsonrpc.request.id', 'rpc.jsonrpc.request_id', 'mcp.request.id', 'mcp_request_id'],
  traceId: ['trace_id'],
  spanId: ['span_id'],
  traceparent: ['traceparent'],
  time: ['time', 'timestamp'],
  startTime: [],
  duration: ['duration_ms'],
  code: ['rpc.response.status_code', 'rpc.jsonrpc.error_code', 'mcp.error.code'],
  httpStatus: ['http.response.status_code', 'http.status_code'],
  errorType: ['error.type', 'mcp.error.type'],
  errorMessage: ['rpc.jsonrpc.error_message', 'mcp.error.message'],
  isToolError: ['mcp.tool.result.is_error', 'mcp.is_error'],
  resultType: ['mcp.result.type', 'mcp.result_type'],
  arguments: ['gen_ai.tool.call.arguments', 'mcp.tool.arguments'],
  result: ['gen_ai.tool.call.result'],
  requestBytes: ['mcp.request.size'],
  responseBytes: ['mcp.response.size'],
};
