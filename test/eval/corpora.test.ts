import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readCorpora } from '../../eval/corpora.ts';

const line = {
  id: 's1',
  src: 'origin/repository@0123',
  suite: 'mail',
  user_task: 'task_1',
  role: 'benign',
  hijacked: false,
  calls: [{ turn: 0, tool: 'files/read', args: { path: 'a' }, result_len: 2, result_excerpt: 'ok' }],
};

function folder(files: Record<string, string | Buffer>): string {
  const created = mkdtempSync(join(tmpdir(), 'eval-corpora-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(created, name), content);
  return created;
}

describe('recorded sessions', () => {
  test('come from plain and compressed files, with whole results from beside them', () => {
    const long = 'x'.repeat(500);
    const call = {
      ...line.calls[0],
      result_len: 500,
      result_excerpt: long.slice(0, 400),
      result_text_sha1_prefix: 'abcdef012345',
    };
    const read = readCorpora(
      folder({
        'a.jsonl': `${JSON.stringify(line)}\n`,
        'b.jsonl.gz': gzipSync(
          JSON.stringify({ ...line, id: 's2', role: 'attack', hijacked: true, calls: [call] }),
        ),
        'texts.jsonl': JSON.stringify({ sha1: 'abcdef0123456789', text: long }),
      }),
    );
    expect(read.sessions.map(({ id, label, corpus, task }) => [id, label, corpus, task])).toEqual([
      ['s1', 'benign', 'origin/repository', 'mail/task_1'],
      ['s2', 'hijacked', 'origin/repository', 'mail/task_1'],
    ]);
    expect(read.sessions[0]?.calls[0]).toMatchObject({ server: 'files', tool: 'read', result: 'ok' });
    expect(read.sessions[1]?.calls[0]?.result).toBe(long);
  });

  test('that lack a field are refused by file, line and field', () => {
    const { suite: _, ...without } = line;
    const where = folder({ 'a.jsonl': `${JSON.stringify(line)}\n${JSON.stringify(without)}\n` });
    expect(() => readCorpora(where)).toThrow(/a\.jsonl, line 2: .*suite/);
  });

  test('that are no JSON are refused by file and line', () => {
    expect(() => readCorpora(folder({ 'a.jsonl': '{"id":' }))).toThrow(/a\.jsonl, line 1: /);
  });

  test('have to be in the folder', () => {
    expect(() => readCorpora(folder({ 'notes.txt': '' }))).toThrow('holds no *.jsonl or *.jsonl.gz file');
  });

  test('of the project are all there, and the attackers goals apart from them', () => {
    const { sessions, goals } = readCorpora(resolve(import.meta.dirname, '../../eval/corpora'));
    const count = (label: string) => sessions.filter((session) => session.label === label).length;
    expect([count('benign'), count('hijacked'), count('attempt'), goals.length]).toEqual([
      1_118, 776, 1_989, 88,
    ]);
  });
});
