/** `mcp-lookout-observe`: the stdio proxy and the HTTP proxy from a command line. */
import { parseArgs } from 'node:util';
import { startHttpProxy } from './http-proxy.ts';
import { resolveSettings, type Settings } from './settings.ts';
import { proxyStdio, tellLosses } from './stdio-proxy.ts';

const USAGE = `Reports what an MCP server does to MCP Lookout.

  mcp-lookout-observe [options] -- command [args]      a server on stdio
  mcp-lookout-observe [options] --http URL             a server on Streamable HTTP

  --http URL              the server's MCP endpoint; the proxy serves the same path
  --port N                port to listen on (default 8900)
  --host ADDRESS          address to listen on (default 127.0.0.1)
  --upstream-host         send the server's own name as Host, for servers behind virtual hosts

  --url URL               the collector (MCP_LOOKOUT_URL, default http://127.0.0.1:4318)
  --token-file FILE       file with the collector's token (MCP_LOOKOUT_TOKEN_FILE, or MCP_LOOKOUT_TOKEN)
  --server NAME           name of the MCP server (MCP_LOOKOUT_SERVER_NAME, default: what it calls itself)
  --environment NAME      deployment environment (MCP_LOOKOUT_ENVIRONMENT)
  --session-type NAME     type of its sessions (MCP_LOOKOUT_SESSION_TYPE)
  --payloads              send arguments and results, secrets replaced (MCP_LOOKOUT_PAYLOADS=1)
`;

const USAGE_ERROR = 2;

async function main(args: readonly string[]): Promise<void> {
  const split = args.indexOf('--');
  const command = split === -1 ? [] : args.slice(split + 1);
  const { values } = parseArgs({
    args: split === -1 ? [...args] : args.slice(0, split),
    options: {
      http: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      'upstream-host': { type: 'boolean' },
      url: { type: 'string' },
      'token-file': { type: 'string' },
      server: { type: 'string' },
      environment: { type: 'string' },
      'session-type': { type: 'string' },
      payloads: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const settings = resolveSettings({
    ...(values.url !== undefined && { url: values.url }),
    ...(values['token-file'] !== undefined && { tokenFile: values['token-file'] }),
    ...(values.server !== undefined && { server: values.server }),
    ...(values.environment !== undefined && { environment: values.environment }),
    ...(values['session-type'] !== undefined && { sessionType: values['session-type'] }),
    ...(values.payloads !== undefined && { payloads: values.payloads }),
  });
  const [program, ...programArgs] = command;
  if (program !== undefined && values.http === undefined) return proxyStdio(program, programArgs, settings);
  if (program !== undefined || values.http === undefined) {
    throw new Error('give either --http URL, or -- and the command that starts the server');
  }
  await serveHttp(values.http, values, settings);
}

async function serveHttp(
  upstream: string,
  values: { port?: string | undefined; host?: string | undefined; 'upstream-host'?: boolean | undefined },
  settings: Settings,
): Promise<void> {
  const url = httpUrl(upstream);
  const port = Number(values.port ?? 8_900);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port must be 0 to 65535');
  const proxy = await startHttpProxy(
    { upstream: url, host: values.host ?? '127.0.0.1', port, upstreamHost: values['upstream-host'] ?? false },
    settings,
  );
  process.stderr.write(`mcp-lookout-observe: ${proxy.url} stands before ${url.origin}${url.pathname}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      await proxy.close();
      tellLosses(proxy.observer);
    });
  }
}

function httpUrl(given: string): URL {
  try {
    const url = new URL(given);
    if (/^https?:$/.test(url.protocol)) return url;
  } catch {
    // Said below.
  }
  throw new Error('--http must be the URL of the MCP endpoint, such as http://127.0.0.1:3000/mcp');
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`mcp-lookout-observe: ${error.message}\n`);
  process.exitCode = USAGE_ERROR;
});
