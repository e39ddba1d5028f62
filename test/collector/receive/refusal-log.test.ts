import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { RefusalLog } from '../../../collector/receive/refusal-log.ts';

function logged() {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  let nowMs = 1_000_000;
  const log = new RefusalLog(pino(sink), () => nowMs);
  return { log, lines, pass: (ms: number) => (nowMs += ms) };
}

describe('the log of refusals', () => {
  test('names the reason, the sender and what it was answered', () => {
    const { log, lines } = logged();
    log.note('unauthorized', '203.0.113.9', 'a token is missing');
    expect(lines).toMatchObject([
      { msg: 'refused a request', reason: 'unauthorized', sender: '203.0.113.9', why: 'a token is missing' },
    ]);
  });

  test('says a sender’s refusals once a minute, with how many there were in between', () => {
    const { log, lines, pass } = logged();
    for (let i = 0; i < 500; i++) log.note('unauthorized', '203.0.113.9', 'no');
    expect(lines).toHaveLength(1);
    pass(60_000);
    log.note('unauthorized', '203.0.113.9', 'no');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ refused_since_last_line: 499 });
  });

  test('tells senders and reasons apart', () => {
    const { log, lines } = logged();
    log.note('unauthorized', '203.0.113.9', 'no');
    log.note('malformed', '203.0.113.9', 'no');
    log.note('malformed', '203.0.113.10', 'no');
    expect(lines).toHaveLength(3);
  });

  test('stays bounded when refusals come from 100,000 addresses', () => {
    const { log, lines, pass } = logged();
    for (let i = 0; i < 100_000; i++) log.note('unauthorized', `2001:db8::${i.toString(16)}`, 'no');
    expect(lines).toHaveLength(100);
    pass(60_000);
    log.note('unauthorized', '203.0.113.9', 'no');
    expect(lines).toHaveLength(101);
  });
});
