/** Stands in for the pager, the chat and the ticket system: takes Alertmanager's webhooks and keeps what they say. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** Alertmanager cuts nothing by itself; a notification above this is refused. */
const BODY_BYTES = 1024 * 1024;
/** Notices kept, the newest. */
const NOTICES_KEPT = 10_000;

const strings = Type.Record(Type.String(), Type.String());
/** What is read of a webhook of version 4 (prometheus.io/docs/alerting/latest/configuration, webhook_config). */
const webhookSchema = Type.Object({
  receiver: Type.String(),
  alerts: Type.Array(
    Type.Object({
      status: Type.Union([Type.Literal('firing'), Type.Literal('resolved')]),
      labels: strings,
      annotations: strings,
      startsAt: Type.String(),
      fingerprint: Type.String(),
    }),
    { maxItems: 10_000 },
  ),
});
const check = Compile(webhookSchema);
type WebhookAlert = Static<typeof webhookSchema>['alerts'][number];

type Texts = Readonly<Record<string, string | undefined>>;

/** An alert as its receiver was told of it. Every text may come from outside. */
export interface Notice {
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly sinceMs: number;
  readonly receivedMs: number;
}

export interface Pager {
  readonly url: string;
  /** Everything that was told, each alert once for each change of its state. */
  readonly notices: readonly Notice[];
  readonly close: () => Promise<void>;
}

/** Listens on loopback. Repetitions of what a receiver knows already are not notices. */
export async function startPager(
  port: number,
  onNotice: (notice: Notice) => void = () => {},
): Promise<Pager> {
  const notices: Notice[] = [];
  const lastStatus = new Map<string, string>();

  function tell(receiver: string, alert: WebhookAlert): void {
    const key = JSON.stringify([receiver, alert.fingerprint]);
    const state = `${alert.status} since ${alert.startsAt}`;
    if (lastStatus.get(key) === state) return;
    lastStatus.set(key, state);
    if (lastStatus.size > NOTICES_KEPT) lastStatus.delete(lastStatus.keys().next().value!);
    const notice: Notice = {
      receiver,
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations,
      sinceMs: Date.parse(alert.startsAt),
      receivedMs: Date.now(),
    };
    notices.push(notice);
    if (notices.length > NOTICES_KEPT) notices.shift();
    onNotice(notice);
  }

  const server = createServer(async (request, response) => {
    const answer = (status: number, text: string) =>
      response.writeHead(status, { connection: 'close' }).end(text);
    if (request.method !== 'POST') return answer(405, 'POST an Alertmanager webhook here\n');
    try {
      const body = await boundedBody(request);
      if (body === undefined) return answer(413, `a notification has at most ${BODY_BYTES} bytes\n`);
      const webhook: unknown = JSON.parse(body);
      if (!check.Check(webhook)) return answer(400, `not an Alertmanager webhook: ${firstError(webhook)}\n`);
      for (const alert of webhook.alerts) tell(webhook.receiver, alert);
      return answer(200, 'told\n');
    } catch (error) {
      return answer(400, `not an Alertmanager webhook: ${(error as Error).message}\n`);
    }
  });
  server.requestTimeout = 10_000;
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    notices,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function firstError(webhook: unknown): string {
  const [first] = check.Errors(webhook);
  return `${first?.instancePath || '/'} ${first?.message}`;
}

async function boundedBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        inUse ? new Error(`The pager's port ${port} is in use; stop the program that listens there`) : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
