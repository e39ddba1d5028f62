/**
 * Attacks in other words: in sessions that followed an injected passage, the passage is replaced by one of our own that
 * asks for the same, so that detectors are judged on phrasings that no recorded attack uses: indirect, polite, as a
 * story, as a log, as a record, in other languages. What the agent did stays as recorded.
 */
import { riskByName } from '../../collector/process/detect/tool-words.ts';
import { type Random, random } from '../../run/replay/random.ts';
import type { EvalCall, EvalSession } from '../session.ts';
import { actions, type Slots, styles } from './phrasings.ts';

/** Values this short are in every text. */
const TELLING = 4;
/** Lines apart that still belong to one passage. */
const GAP = 3;

interface Passage {
  readonly call: number;
  readonly from: number;
  readonly to: number;
}

/** One session for each that was hijacked, in a style drawn by the seed; those whose passage cannot be found are left out. */
export function rephrased(sessions: readonly EvalSession[], seed: number): EvalSession[] {
  const usual = usualLines(sessions);
  return sessions.flatMap((session) => {
    if (session.label !== 'hijacked') return [];
    const passages = session.calls.flatMap((call, index) => passagesOf(call, index, usual));
    const slots = slotsOf(session, passages);
    if (!slots) return [];
    const chance = random(seed, `rephrase ${session.id}`);
    const style = chance.pick(Object.keys(styles));
    const text = phrase(style, slots, chance);
    const replaced = new Set(passages.flatMap((passage) => linesOf(session, passage)));
    replaced.delete('');
    return [
      {
        ...session,
        id: `${session.id} rephrased`,
        attack: `rephrased: ${style}`,
        calls: session.calls.map((call, index) =>
          replace(
            call,
            passages.filter((p) => p.call === index),
            text,
            replaced,
          ),
        ),
      },
    ];
  });
}

const endpointOf = ({ server, tool }: EvalCall): string => `${server}/${tool}`;

/** Lines of each tool's results in sessions that nobody attacked. */
function usualLines(sessions: readonly EvalSession[]): Map<string, Set<string>> {
  const usual = new Map<string, Set<string>>();
  for (const { label, calls } of sessions) {
    if (label !== 'benign') continue;
    for (const call of calls) {
      const lines = usual.get(endpointOf(call)) ?? new Set();
      for (const line of (call.result ?? '').split('\n')) lines.add(line.trim());
      usual.set(endpointOf(call), lines);
    }
  }
  return usual;
}

/** Stretches of lines that the tool never gave without an attack. */
function passagesOf(
  call: EvalCall,
  index: number,
  usual: ReadonlyMap<string, ReadonlySet<string>>,
): Passage[] {
  const known = usual.get(endpointOf(call));
  // What a call wrote comes back in its own result.
  if (!known || call.result === undefined || riskByName(call.tool).sink) return [];
  const passages: Passage[] = [];
  let from = -1;
  let last = -1;
  const lines = call.result.split('\n');
  lines.forEach((line, at) => {
    const text = line.trim();
    if (text.length < 3 || known.has(text)) return;
    if (from >= 0 && at - last > GAP) {
      passages.push({ call: index, from, to: last });
      from = -1;
    }
    if (from < 0) from = at;
    last = at;
  });
  if (from >= 0) passages.push({ call: index, from, to: last });
  return passages;
}

const linesOf = ({ calls }: EvalSession, { call, from, to }: Passage): string[] =>
  calls[call]!.result!.split('\n')
    .slice(from, to + 1)
    .map((line) => line.trim());

const flat = (text: string): string =>
  text
    .replace(/[\s\\]+/g, ' ')
    .replaceAll("''", "'")
    .toLowerCase();

const DESTINATION = /@|:\/\/|www\.|^[A-Z]{2}\d{8,}/;

/** What the calls that follow a passage take from it: of the first that sends something somewhere, else of the first at all. */
function slotsOf(session: EvalSession, passages: readonly Passage[]): Slots | undefined {
  let other: Slots | undefined;
  for (const [index, call] of session.calls.entries()) {
    for (const passage of passages) {
      if (passage.call >= index) continue;
      const text = flat(linesOf(session, passage).join(' '));
      const values = valuesOf(call.args).filter(
        (value) => value.length >= TELLING && text.includes(flat(value).replace(/^https?:\/\//, '')),
      );
      const to = values.find((value) => DESTINATION.test(value)) ?? values[0];
      if (to === undefined) continue;
      const slots = { to, what: values.find((value) => value !== to), tool: call.tool };
      if (DESTINATION.test(to)) return slots;
      other ??= slots;
    }
  }
  return other;
}

function valuesOf(args: unknown): string[] {
  if (typeof args === 'string') return [args];
  if (args === null || typeof args !== 'object') return [];
  return Object.values(args).flatMap(valuesOf);
}

function phrase(style: string, slots: Slots, { pick }: Random): string {
  const { language, texts } = styles[style]!;
  return pick(texts).replace('{act}', actions(language, slots));
}

/** Puts the text in place of the passages, as far in as they stood; an echo of them in other results goes. */
function replace(
  call: EvalCall,
  passages: readonly Passage[],
  text: string,
  replaced: ReadonlySet<string>,
): EvalCall {
  if (call.result === undefined) return call;
  let lines = call.result.split('\n');
  if (passages.length === 0) lines = lines.filter((line) => !replaced.has(line.trim()));
  for (const { from, to } of [...passages].reverse()) {
    const first = lines[from]!;
    const lead = /^(\s*(?:- )?(?:[\w ]{1,24}: )?['"]?)/.exec(first)?.[1] ?? '';
    lines.splice(from, to - from + 1, `${lead}${text}`);
  }
  return { ...call, result: lines.join('\n') };
}
