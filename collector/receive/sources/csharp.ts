/** The official C# SDK: spans of the activity source that the host has to add. Its session ids are each handler's own. */
import type { Source } from './source.ts';

export const csharp: Source = {
  name: 'csharp_sdk',
  title: 'C# SDK',
  detect: { scopes: ['Experimental.ModelContextProtocol'] },
  perspective: { server: 'server', client: 'client', internal: 'client' },
  // An agent framework's own span around the call is reused instead of a client span.
  internalSpans: /^execute_tool\b/,
  sees: ['tool_calls', 'tool_errors', 'sessions'],
  sessionIdPerHandler: true,
  exception: { outcome: 'server_error', fault: 'server' },
};
