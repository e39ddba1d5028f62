/**
 * Finds arguments whose values begin to look different: code, queries or encoded data where there were sentences.
 *
 * Each argument of each tool has its own baseline, which the values of finished sessions without findings teach; until it
 * has 100, those of all arguments together stand in for it. A value that was there lately tells nothing. See `baseline.ts`
 * for the arithmetic; after an alarm the new use is learnt as the usual one.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { Call, SessionFacts } from '../call.ts';
import type { Detector, Report } from '../detector.ts';
import { hashText } from '../text/hash.ts';
import { ALARM, Baseline, savedBaselineSchema } from './baseline.ts';
import { FEATURES } from './features.ts';
import { fingerprintOf } from './fingerprint.ts';

/** Shorter values look like anything. */
const SHORTEST = 12;
const MAXIMUM_ARGUMENTS = 500;
/** Values of one call. */
const MAXIMUM_FIELDS = 8;
/** Of a session, to be learnt when it has ended. */
const MAXIMUM_VALUES = 16;
/** Recent values of an argument that repeats are told by. */
const RECENT = 64;

export interface DriftState {
  /** Arguments and looks of the session's values. */
  values:
    | {
        readonly argument: string;
        readonly code: number;
        readonly token: number;
        readonly changes: number;
        readonly trigrams: Uint16Array;
      }[]
    | undefined;
}

interface Argument {
  readonly baseline: Baseline;
  readonly recent: Uint32Array;
  next: number;
}

const savedSchema = Type.Object({
  all: savedBaselineSchema,
  arguments: Type.Array(Type.Tuple([Type.String(), savedBaselineSchema])),
});
const savedCheck = Compile(savedSchema);

export class ArgumentDrift implements Detector<DriftState> {
  readonly name = 'argument_drift';
  readonly #arguments = new Bounded<Argument>(MAXIMUM_ARGUMENTS);
  #all = new Baseline();

  open(): DriftState {
    return { values: undefined };
  }

  cares(call: Call): boolean {
    return call.arguments !== undefined;
  }

  observe(call: Call, session: SessionFacts, state: DriftState, report: Report): void {
    if (call.arguments === undefined) return;
    let looked = 0;
    for (const { path, text } of call.arguments.fields) {
      if (text.length < SHORTEST) continue;
      if (++looked > MAXIMUM_FIELDS) return;
      const name = `${call.endpoint} ${path}`;
      const argument = this.#arguments.use(name, newArgument);
      if (isRepeat(argument, hashText(text.length > 400 ? text.slice(0, 400) : text))) continue;
      const fingerprint = fingerprintOf(text);
      state.values ??= [];
      if (state.values.length < MAXIMUM_VALUES)
        state.values.push({ ...fingerprint, argument: name, trigrams: fingerprint.trigrams.slice() });
      const own = argument.baseline.ready;
      const baseline = own ? argument.baseline : this.#all;
      if (!baseline.ready) continue;
      const verdict = baseline.judge(fingerprint);
      if (!verdict.alarm) continue;
      const { unlike, run, feature, value, median, p } = verdict;
      report(session, {
        detector: 'argument_drift',
        certainty: 'scored',
        score: ALARM - Math.log(p) + (100 * unlike) / (run + 10),
        message: `\`${call.tool}.${path}\`: ${unlike} of the last ${run} values look unlike the ${Math.min(200, baseline.seen)} ${own ? 'of this argument' : 'of all arguments'} that are known (2 of 100 do by chance); ${FEATURES[feature]?.name}: ${shown(value)} here, ${shown(median)} in the median.`,
        server: call.server,
        tool: call.tool,
        timeMs: call.timeMs,
        evidence: { calls: [call.index], baseline: { values: baseline.seen, unlike, run, value, median } },
      });
    }
  }

  learn(_session: SessionFacts, { values }: DriftState): void {
    for (const { argument, ...fingerprint } of values ?? []) {
      this.#arguments.use(argument, newArgument).baseline.learn(fingerprint);
      this.#all.learn(fingerprint);
    }
  }

  /** Arguments that had to make room. */
  evicted(): number {
    return this.#arguments.evicted;
  }

  snapshot(): unknown {
    return {
      all: this.#all.snapshot(),
      arguments: [...this.#arguments.entries()]
        .filter(([, { baseline }]) => baseline.seen > 0)
        .map(([name, { baseline }]) => [name, baseline.snapshot()]),
    };
  }

  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    if (!this.#all.restore(saved.all)) return false;
    for (const [name, baseline] of saved.arguments)
      this.#arguments.use(name, newArgument).baseline.restore(baseline);
    return true;
  }
}

const newArgument = (): Argument => ({ baseline: new Baseline(), recent: new Uint32Array(RECENT), next: 0 });

function isRepeat(argument: Argument, hash: number): boolean {
  if (argument.recent.includes(hash)) return true;
  argument.recent[argument.next] = hash;
  argument.next = (argument.next + 1) % RECENT;
  return false;
}

const shown = (value: number) =>
  value >= 10 ? String(Math.round(value)) : String(Math.round(value * 100) / 100);
