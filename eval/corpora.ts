/**
 * Reads recorded sessions from a folder: every `*.jsonl` and `*.jsonl.gz` in it, one session a line as
 * `corpora/README.md` describes. Files whose lines are `{sha1, text}` hold the results that a session only begins.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { EvalCall, EvalSession, Label } from './session.ts';

const nullable = <S extends Parameters<typeof Type.Optional>[0]>(schema: S) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

const lineSchema = Type.Object({
  id: Type.String(),
  src: Type.String(),
  suite: Type.String(),
  user_task: Type.String(),
  role: Type.String(),
  attack: nullable(Type.String()),
  injection_task: nullable(Type.String()),
  hijacked: Type.Boolean(),
  exposed: Type.Optional(Type.Boolean()),
  calls: Type.Array(
    Type.Object({
      turn: Type.Number(),
      tool: Type.String(),
      args: Type.Unknown(),
      error: nullable(Type.String()),
      result_len: nullable(Type.Number()),
      result_excerpt: nullable(Type.String()),
      result_text_sha1_prefix: nullable(Type.String()),
    }),
  ),
});
type Line = Static<typeof lineSchema>;
const check = Compile(lineSchema);

export interface Corpora {
  readonly sessions: readonly EvalSession[];
  /** The attackers' goals, run as if the user had asked: neither benign nor attacked, raw material for injections. */
  readonly goals: readonly EvalSession[];
}

/** Throws one sentence that names the file, the line and the field. */
export function readCorpora(folder: string): Corpora {
  const files = filesOf(folder)
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .sort();
  if (files.length === 0)
    throw new Error(`${folder} holds no *.jsonl or *.jsonl.gz file with recorded sessions`);
  const texts = new Map<string, string>();
  const lines: Line[] = [];
  for (const file of files) {
    readLines(join(folder, file)).forEach((value, index) => {
      if (isText(value)) texts.set(value.sha1.slice(0, 12), value.text);
      else if (check.Check(value)) lines.push(value);
      else {
        const [fault] = check.Errors(value);
        const field = fault?.instancePath.slice(1).replaceAll('/', '.') || 'the session';
        throw new Error(`${join(folder, file)}, line ${index + 1}: ${field} ${fault?.message}`);
      }
    });
  }
  const session = (line: Line) => sessionOf(line, texts);
  return {
    sessions: lines.filter(({ role }) => role !== 'attacker_goal_as_user').map(session),
    goals: lines.filter(({ role }) => role === 'attacker_goal_as_user').map(session),
  };
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new Error(`cannot read the folder of recorded sessions ${folder}: ${(error as Error).message}`);
  }
}

function readLines(file: string): unknown[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      try {
        return JSON.parse(line);
      } catch (error) {
        throw new Error(`${file}, line ${index + 1}: ${(error as Error).message}`);
      }
    });
}

const isText = (value: unknown): value is { sha1: string; text: string } =>
  typeof value === 'object' && value !== null && 'sha1' in value && 'text' in value;

function sessionOf(line: Line, texts: ReadonlyMap<string, string>): EvalSession {
  return {
    id: line.id,
    corpus: line.src.replace(/@.*$/, '').trim(),
    type: line.suite,
    task: `${line.suite}/${line.user_task}`,
    label: labelOf(line),
    ...(line.attack ? { attack: line.attack } : {}),
    ...(line.injection_task ? { goal: `${line.suite}/${line.injection_task}` } : {}),
    calls: line.calls.map((call) => callOf(call, line.suite, texts)),
  };
}

function labelOf({ role, hijacked }: Line): Label {
  if (role !== 'attack') return 'benign';
  return hijacked ? 'hijacked' : 'attempt';
}

function callOf(call: Line['calls'][number], suite: string, texts: ReadonlyMap<string, string>): EvalCall {
  const slash = call.tool.indexOf('/');
  const server = slash > 0 ? call.tool.slice(0, slash) : suite;
  const tool = slash > 0 ? call.tool.slice(slash + 1) : call.tool;
  const excerpt = call.result_excerpt ?? '';
  const whole =
    call.result_len == null
      ? undefined
      : call.result_len <= excerpt.length
        ? excerpt
        : (texts.get(call.result_text_sha1_prefix ?? '') ?? excerpt);
  return {
    turn: call.turn,
    server,
    tool,
    args: call.args,
    ...(call.error ? { error: call.error } : {}),
    ...(whole === undefined ? {} : { result: whole }),
  };
}
