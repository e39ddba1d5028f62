/** `POST /v1/sources/{name}`: the JSON lines that gateways and proxies log, as NDJSON, an array or one object. */
import type { CollectorLimits } from '../../config.ts';
import type { Intake } from '../intake.ts';
import { visitEvents } from '../json-events.ts';
import { TooLargeError } from '../otlp/record.ts';
import { Refusal } from '../refusal.ts';
import type { IngestServer } from '../server.ts';
import { RecordAdmission } from './admission.ts';
import { lineRecord } from './lines.ts';
import type { Normaliser } from './normalise.ts';
import type { Plan } from './record-reader.ts';
import { lineSources, linesPlan, wantedKeys } from './registry.ts';

type Line = Readonly<Record<string, unknown>>;

const isLine = (value: unknown): value is Line =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function registerSources(
  server: IngestServer,
  intake: Intake,
  normaliser: Normaliser,
  limits: CollectorLimits,
): void {
  server.post('/v1/sources/:source', async (body, request, reply, claim) => {
    const { source } = request.params as { readonly source: string };
    const plan = linesPlan(source);
    if (!plan) {
      throw new Refusal(
        404,
        'not_found',
        `no source of this name sends lines: use one of ${lineSources.join(', ')}`,
      );
    }
    const format = request.headers['content-type']?.includes('ndjson') ? 'ndjson' : 'json';
    const admission = new RecordAdmission(intake, normaliser, claim);
    let left = limits.eventsPerRequest;
    await visitEvents(body, format, limits, {
      event(value) {
        if (!isLine(value)) {
          admission.reject('invalid', 'a line must be a JSON object');
          return;
        }
        const lines = plan.source.split?.(value) ?? [value];
        left -= lines.length;
        if (left < 0)
          admission.reject('too_large', `more than ${limits.eventsPerRequest} calls in one request`);
        else for (const line of lines) takeLine(admission, line, plan);
      },
      brokenLine: (error) => admission.reject('malformed', error),
    });
    const { rejectedTotal, ...answer } = await admission.commit();
    const none = answer.accepted + answer.duplicates + answer.ignored === 0 && rejectedTotal > 0;
    reply.code(none ? 400 : 202);
    return {
      ...(none && { error: 'no line was accepted: see "rejected" for what to mend' }),
      ...answer,
      ...(rejectedTotal > answer.rejected.length && { rejected_total: rejectedTotal }),
    };
  });
}

function takeLine(admission: RecordAdmission, line: Line, plan: Plan): void {
  try {
    admission.take(lineRecord(line, wantedKeys), plan);
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
    admission.reject('too_large', error.message);
  }
}
