/**
 * The official Python SDK from 2.0: spans of servers and clients, on by default. Its client's spans have neither
 * the tool as an attribute nor the tool's own errors.
 */
import type { Source } from './source.ts';

export const pythonSdk: Source = {
  name: 'python_sdk',
  title: 'Python SDK',
  detect: { scopes: ['mcp-python-sdk'] },
  perspective: { server: 'server', client: 'client' },
  sees: ['tool_calls', 'tool_errors'],
  // The SDK's client reports its own timeout and a closed connection with these.
  codes: new Map([
    [-32000, { outcome: 'aborted', fault: 'transport' }],
    [-32001, { outcome: 'aborted', fault: 'transport' }],
  ]),
  // Tool failures are said to be such, so what else is raised is the server's.
  exception: { outcome: 'server_error', fault: 'server' },
};
