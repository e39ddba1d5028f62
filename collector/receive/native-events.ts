/** `POST /v1/events`: native events, as one object, an array, or one object a line. */
import { collectorSenderDrops } from '../catalogue/collector-metrics.ts';
import type { CollectorLimits } from '../config.ts';
import { Division } from '../processes/division.ts';
import { free } from './body.ts';
import type { Intake } from './intake.ts';
import { visitEvents } from './json-events.ts';
import type { IngestServer } from './server.ts';

/** Value of the label `source` for events that are sent as such. */
const NATIVE = 'native';

/** Request header: how many events the sender has dropped since its last accepted batch. */
const DROPPED_HEADER = 'mcp-lookout-dropped-events';
/** Nobody drops more between two batches; it keeps one made-up number from taking the counter's precision. */
const MOST_DROPPED = 1_000_000_000;

export function registerNativeEvents(server: IngestServer, intake: Intake, limits: CollectorLimits): void {
  const { instruments, logger } = intake.parts;
  server.postPlain('/v1/events', async (body, request, reply, claim) => {
    const format = request.headers['content-type']?.includes('ndjson') ? 'ndjson' : 'json';
    const admission = intake.begin(NATIVE, claim);
    const quickly = intake.quick.for(admission);
    const division = intake.parts.peers && new Division(limits, admission, quickly);
    await visitEvents(body, format, limits, admission, division, quickly);
    const answer = await admission.commit();
    // With other processes, parts of it may still be on their way to them.
    if (intake.parts.peers === undefined) free(body);
    claim.events = answer.accepted + answer.duplicates + (answer.rejected_total ?? answer.rejected.length);
    // A repeated event means that the answer to this batch was lost: its drops are counted, and what its sender has
    // dropped since are the oldest of its queue, which are events of this batch and were accepted.
    const dropped = answer.accepted > 0 && answer.duplicates === 0 ? droppedBefore(request.headers) : 0;
    if (dropped > 0) {
      instruments.inc(collectorSenderDrops, {}, dropped);
      logger.warn(
        { dropped, sender: request.socket.remoteAddress },
        'a sender dropped events that it could not deliver',
      );
    }
    const none = answer.accepted + answer.duplicates === 0 && answer.rejected.length > 0;
    reply.code(none ? 400 : 202);
    return none ? { error: 'no event was accepted: see "rejected" for what to mend', ...answer } : answer;
  });
}

/** What a sender says that it dropped; 0 for anything that is no plausible number. */
function droppedBefore({ [DROPPED_HEADER]: said }: NodeJS.Dict<string | string[]>): number {
  if (typeof said !== 'string' || !/^[0-9]{1,10}$/.test(said)) return 0;
  const dropped = Number(said);
  return dropped <= MOST_DROPPED ? dropped : 0;
}
