/** `POST /v1/events`: native events, as one object, an array, or one object a line. */
import type { CollectorLimits } from '../config.ts';
import type { Intake } from './intake.ts';
import { visitEvents } from './json-events.ts';
import type { IngestServer } from './server.ts';

/** Value of the label `source` for events that are sent as such. */
export const NATIVE = 'native';

export function registerNativeEvents(server: IngestServer, intake: Intake, limits: CollectorLimits): void {
  server.post('/v1/events', async (body, request, reply, claim) => {
    const format = request.headers['content-type']?.includes('ndjson') ? 'ndjson' : 'json';
    const admission = intake.begin(NATIVE, claim);
    await visitEvents(body, format, limits, admission);
    const answer = await admission.commit();
    const none = answer.accepted + answer.duplicates === 0 && answer.rejected.length > 0;
    reply.code(none ? 400 : 202);
    return none ? { error: 'no event was accepted: see "rejected" for what to mend', ...answer } : answer;
  });
}
