/**
 * FastMCP from 3: spans of servers and clients, on by default. INTERNAL `delegate` spans repeat the call inside a
 * mounted server. A result that is returned with `isError` looks like success.
 */
import type { Source } from './source.ts';

export const fastmcp: Source = {
  name: 'fastmcp',
  title: 'FastMCP',
  detect: { scopes: ['fastmcp'] },
  perspective: { server: 'server', client: 'client' },
  sees: ['tool_calls', 'tool_errors', 'sessions', 'users'],
};
