import { Agent, createServer, request } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { OpenConnections } from '../../collector/open-connections.ts';

test('who asks on an idle connection after the end has begun is told to send no more on it', async () => {
  const server = createServer((asked, response) => asked.resume().on('end', () => response.end('{}')));
  const connections = new OpenConnections(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = server.address() as { port: number };
  const ask = async () => {
    const asking = request({ agent, port, host: '127.0.0.1' });
    const connection = await new Promise((resolve, reject) => {
      asking.once('error', reject).once('response', (answer) => {
        answer.resume().once('end', () => resolve(answer.headers.connection));
      });
      asking.end();
    });
    await nextTurn();
    return { connection, isReused: asking.reusedSocket };
  };
  try {
    expect(await ask()).toEqual({ connection: 'keep-alive', isReused: false });
    connections.end();
    expect(await ask()).toEqual({ connection: 'close', isReused: true });
  } finally {
    agent.destroy();
    server.close();
  }
});
