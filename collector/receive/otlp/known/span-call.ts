/**
 * The call that a known span is. It is made by a class because of how V8 treats objects that stand in the code as such:
 * when many of them outlive a collection of garbage, as those of the requests under way do, it makes all of them in the
 * old generation from then on. There each kept its texts with it, 260 bytes a span, and the old generation was marked
 * ten times a second: 3.6 µs a span on V8's helper threads.
 */
import type { EventOf } from '../../../catalogue/events.ts';
import type { Setting, SharedText } from '../../../journal/shared-texts.ts';
import type { Plan } from '../../sources/record-reader.ts';
import type { Origin } from './resources.ts';

type ToolCall = EventOf<'tool_call'>;

/** What one thing of a span decides, for spans of the same library and source. */
interface Known {
  readonly origin: Origin;
  readonly plan: Plan;
}
export interface KnownSetting extends Known, Setting {
  readonly text: SharedText | undefined;
}
export interface KnownCall
  extends Known,
    Pick<ToolCall, 'tool' | 'outcome' | 'fault' | 'perspective' | 'code' | 'error_message'> {}

export class SpanCall {
  readonly kind = 'tool_call';
  readonly id: string;
  readonly time: string;
  readonly server: string;
  readonly tool: string;
  readonly client: ToolCall['client'];
  readonly user: string | undefined;
  readonly session: ToolCall['session'];
  readonly trace_id: string;
  readonly source: string | undefined;
  readonly environment: string | undefined;
  readonly outcome: ToolCall['outcome'];
  readonly fault: ToolCall['fault'];
  readonly perspective: ToolCall['perspective'];
  readonly code: number | undefined;
  readonly duration_ms: number | undefined;
  readonly request_bytes: number | undefined;
  readonly response_bytes: number | undefined;
  readonly error_message: string | undefined;

  constructor(
    id: string,
    trace: string,
    time: string,
    durationMs: number | undefined,
    requestBytes: number | undefined,
    responseBytes: number | undefined,
    setting: KnownSetting,
    call: KnownCall,
  ) {
    this.id = id;
    this.time = time;
    this.server = setting.server;
    this.tool = call.tool;
    this.client = setting.client;
    this.user = setting.user;
    this.session = setting.session;
    this.trace_id = trace;
    this.source = setting.source;
    this.environment = setting.environment;
    this.outcome = call.outcome;
    this.fault = call.fault;
    this.perspective = call.perspective;
    this.code = call.code;
    this.duration_ms = durationMs;
    this.request_bytes = requestBytes;
    this.response_bytes = responseBytes;
    this.error_message = call.error_message;
  }
}
