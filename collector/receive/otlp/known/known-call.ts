/** What is known of a span by the runs of bytes that decide it. */
import type { EventOf } from '../../../catalogue/events.ts';
import { endingOf, type SharedText } from '../../../journal/shared-texts.ts';
import { interned } from '../../../process/interned.ts';
import type { CallSetting } from '../../calls/call-columns.ts';
import { type Shape, shapeOf } from '../../calls/layouts.ts';
import { asciiText } from '../../calls/scratch.ts';
import type { Plan } from '../../sources/record-reader.ts';
import type { Origin } from './resources.ts';
import type { Runs } from './runs.ts';

type ToolCall = EventOf<'tool_call'>;

/** What one thing of a span decides, for spans of the same library and source. */
interface Known {
  readonly origin: Origin;
  readonly plan: Plan;
}

export interface KnownSetting extends Known {
  readonly setting: CallSetting;
}

export interface KnownCall extends Known {
  readonly tool: string;
  readonly shape: Shape;
  readonly code: number;
  readonly errorMessage: string | undefined;
  /** Which of the runs ends with the tool's name. */
  readonly toolRun: number;
}

const ASCII = /^[\x20-\x7e]+$/;

/** By what the journal keeps of them: a few hundred at most. */
const shapes = new Map<SharedText, Shape>();

function knownShape(call: ToolCall): Shape {
  const ending = endingOf(call);
  const known = shapes.get(ending);
  if (known !== undefined) return known;
  const shape = shapeOf(call, undefined, 0);
  shapes.set(ending, shape);
  return shape;
}

/** What a call's runs decide of it; undefined when its tool's name stands in none of them as it is. */
export function knownCall(origin: Origin, plan: Plan, call: ToolCall, runs: Runs): KnownCall | undefined {
  const { tool, code = Number.NaN, error_message: errorMessage } = call;
  if (!ASCII.test(tool)) return undefined;
  for (let run = 0; run < runs.count; run++) {
    const [start, length] = [runs.starts[run]!, runs.lengths[run]!];
    // An attribute's value ends with it, and so does a span's name.
    const toolAt = length - tool.length;
    if (toolAt < 0 || asciiText(start + toolAt, start + length) !== tool) continue;
    return { origin, plan, tool: interned(tool), shape: knownShape(call), code, errorMessage, toolRun: run };
  }
  return undefined;
}
