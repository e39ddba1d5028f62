/** The raw limit: plain `node:http`, the body parsed, 202. Nothing in Node parses the same bytes for less. */
import { createServer } from 'node:http';
import { listening } from './listening.ts';

const NEWLINE = 10;
const HEADERS = { 'content-type': 'application/json', 'content-length': 2 };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    if (request.headers['content-type'] === 'application/x-ndjson') parseLines(body);
    else JSON.parse(body.toString());
    response.writeHead(202, HEADERS).end('{}');
  });
});

function parseLines(body: Buffer): void {
  for (let from = 0, to: number; from < body.length; from = to + 1) {
    to = body.indexOf(NEWLINE, from);
    if (to < 0) to = body.length;
    if (to > from) JSON.parse(body.toString('utf8', from, to));
  }
}

server.listen(0, '127.0.0.1', () => listening(server));
