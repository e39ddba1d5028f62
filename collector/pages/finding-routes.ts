/** Findings: their pages, their API, what humans say of them, and what the detectors have learnt. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FindingLog } from '../finding-log.ts';
import { type Finding, verdicts } from '../process/finding.ts';
import type { Judgement } from '../process/findings.ts';
import { findFinding, findFindings, findingsOfIncident } from './finding-list.ts';
import { findingsPage } from './findings-page.ts';
import type { Html } from './html.ts';
import { incidentPage, seenOf } from './incident-page.ts';
import { NoAnswer } from './no-answer.ts';
import { demandJson, refuseForeignSite } from './same-site.ts';
import type { Shown } from './session-list.ts';
import { findingView } from './views.ts';

/** Longest note with a verdict, in UTF-16 code units. */
const NOTE_LENGTH = 1_000;
/** Longest name of who gives it. */
const BY_LENGTH = 100;
/** Baselines of all detectors and types. */
const BASELINES_BYTES = 64 * 1024 * 1024;

const verdictSchema = Type.Object(
  {
    verdict: Type.Unsafe<Judgement['verdict']>({ type: 'string', enum: [...verdicts] }),
    note: Type.Optional(Type.String({ maxLength: NOTE_LENGTH })),
    by: Type.Optional(Type.String({ maxLength: BY_LENGTH })),
    /** Say it of all findings of the incident. */
    incident: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
type VerdictBody = Static<typeof verdictSchema>;
const verdictCheck = Compile(verdictSchema);

type WithId = { Params: { id: string } };

export interface FindingParts extends Shown {
  readonly findingLog: FindingLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const queryOf = (request: FastifyRequest) => new URL(request.url, 'http://pages').searchParams;
const sendPage = (reply: FastifyReply, content: Html) =>
  reply.type('text/html; charset=utf-8').send(content.text);

export function registerFindings(app: FastifyInstance, parts: FindingParts): void {
  const { pipeline, findingLog, now } = parts;
  const { detection } = pipeline;

  async function judge(
    meant: readonly Finding[],
    { verdict, note, by }: VerdictBody,
  ): Promise<readonly Finding[]> {
    try {
      return await findingLog.judge(meant, {
        verdict,
        time_ms: now(),
        ...(note && { note }),
        ...(by && { by }),
      });
    } catch {
      throw new NoAnswer(503, 'the verdict could not be written to disk: try again');
    }
  }

  app.get('/findings', async (request, reply) => {
    const query = queryOf(request);
    return sendPage(reply, findingsPage(pipeline, await findFindings(parts, query), query));
  });
  app.get<WithId>('/findings/:id', async (request, reply) => {
    const { incident } = await findFinding(parts, request.params.id);
    return sendPage(reply, incidentPage(await findingsOfIncident(parts, incident)));
  });

  app.get('/api/findings', async (request, reply) => {
    const { shown, matching, next } = await findFindings(parts, queryOf(request));
    return reply.send({ matching, next, findings: shown.map(findingView) });
  });
  app.get<WithId>('/api/findings/:id', async (request, reply) =>
    reply.send(findingView(await findFinding(parts, request.params.id))),
  );
  app.post<WithId>('/api/findings/:id/verdict', async (request, reply) => {
    refuseForeignSite(request, false);
    demandJson(request);
    const body = bodyOf(request.body);
    const finding = await findFinding(parts, request.params.id);
    const judged = await judge(
      body.incident ? await findingsOfIncident(parts, finding.incident) : [finding],
      body,
    );
    return reply.send({ findings: judged.map(findingView) });
  });

  app.get('/api/baselines', (_request, reply) =>
    reply
      .header('content-disposition', 'attachment; filename="baselines.json"')
      .send({ version: 1, ...pipeline.exportBaselines() }),
  );
  app.put('/api/baselines', { bodyLimit: BASELINES_BYTES }, (request, reply) => {
    refuseForeignSite(request, false);
    demandJson(request);
    if ((request.body as { version?: unknown } | null)?.version !== 1)
      throw new NoAnswer(400, 'the body must be what GET /api/baselines answered');
    const fresh = pipeline.importBaselines(request.body as object);
    return reply.send({ imported: fresh.length === 0, start_anew: fresh });
  });
  app.delete('/api/baselines', (request, reply) => {
    refuseForeignSite(request, false);
    detection.relearn();
    pipeline.baselines.reset();
    return reply.send({ reset: true });
  });

  // Forms are taken here alone: JSON keeps web pages of others out of the API.
  app.register(async (forms) => {
    forms.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 16 * 1024 },
      async (_request: FastifyRequest, body: string | Buffer) =>
        Object.fromEntries(new URLSearchParams(String(body))),
    );
    forms.post<WithId>('/findings/:id/verdict', async (request, reply) => {
      refuseForeignSite(request, true);
      const { note, by, seen, ...sent } = (request.body ?? {}) as Record<string, string>;
      const finding = await findFinding(parts, request.params.id);
      const incident = await findingsOfIncident(parts, finding.incident);
      if (seen !== seenOf(incident))
        throw new NoAnswer(
          409,
          'the incident has changed since its page was made: go back, reload it, look again',
        );
      await judge(incident, bodyOf({ ...sent, ...(note && { note }), ...(by && { by }) }));
      return reply.redirect(`/findings/${encodeURIComponent(request.params.id)}`, 303);
    });
  });
}

function bodyOf(body: unknown): VerdictBody {
  if (verdictCheck.Check(body)) return body;
  throw new NoAnswer(
    400,
    `the body must be {"verdict": ${verdicts.map((one) => `"${one}"`).join(' or ')}}, with "note" of at most ${NOTE_LENGTH} characters, "by" of at most ${BY_LENGTH} and "incident": true where they are meant`,
  );
}
