import { once } from 'node:events';
import { Agent, createServer, get, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { OpenConnections } from '../../collector/open-connections.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const closer of closers.splice(0).reverse()) await closer();
});

/** A server whose requests are answered when the test says so. */
async function serve() {
  const server = createServer().listen(0, '127.0.0.1');
  closers.push(() => server.close());
  await once(server, 'listening');
  const connections = new OpenConnections(server);
  const { port } = server.address() as AddressInfo;
  const nextRequest = async () => (await once(server, 'request'))[1] as ServerResponse;
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    const accepted = once(server, 'connection');
    await once(socket, 'connect');
    await accepted;
    return socket;
  };
  return { server, connections, port, nextRequest, open };
}

test('a stop ends connections on which nothing has come, and those under way with their answer', async () => {
  const { server, connections, nextRequest, open } = await serve();
  const silent = await open();
  const asking = await open();
  const request = nextRequest();
  asking.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
  const response = await request;

  server.close();
  connections.end();
  await once(silent, 'close');
  response.end('done');
  expect(await text(asking)).toMatch(/connection: close.*done/is);
});

test('what has been answered does not move to the old generation with what is answered next', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const oldBytes = () =>
    getHeapSpaceStatistics()
      .filter(({ space_name }) => space_name === 'old_space')
      .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  const { server, port } = await serve();
  const PAYLOAD_BYTES = 16_000;
  const REQUESTS = 1_000;
  let served = 0;
  server.on('request', (_request, response) => {
    // Not all at once, or none would be under way when the next comes.
    Object.assign(response, { payload: new Array(PAYLOAD_BYTES / 8).fill(response) });
    setTimeout(() => response.end(), served++ % 5);
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  closers.push(() => agent.destroy());
  const ask = async () => {
    const [answer] = await once(get({ port, agent, host: '127.0.0.1' }), 'response');
    await text(answer);
  };
  const askAll = async (requests: number) => {
    let left = requests;
    const askOn = async () => {
      for (; left > 0; await ask()) if (left-- % 40 === 0) gc({ type: 'minor' });
    };
    await Promise.all(Array.from({ length: 8 }, askOn));
  };
  await askAll(200);
  gc();
  const before = oldBytes();
  await askAll(REQUESTS);
  expect(oldBytes() - before).toBeLessThan((REQUESTS * PAYLOAD_BYTES) / 16);
});
