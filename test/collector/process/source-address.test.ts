import { expect, test } from 'vitest';
import { normalizeSourceAddress } from '../../../collector/process/source-address.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  [' 192.0.2.1 ', '192.0.2.1'],
  ['192.0.2.1:51234', '192.0.2.1'],
  ['[192.0.2.1]:51234', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
  ['::FFFF:c000:0201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::1]:443', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['::1', '::/64'],
])('The address %j is counted as %j', (sent, counted) => {
  expect(normalizeSourceAddress(sent)).toBe(counted);
});

test.each([
  ['gateway-7', 'gateway-7'],
  ['300.1.2.3', '300.1.2.3'],
  ['1:2:3', '1:2:3'],
  ['bad\u0000\u202ename', 'bad__name'],
  ['', '_unknown'],
])('What is no address, such as %j, is counted as the text %j', (sent, counted) => {
  expect(normalizeSourceAddress(sent)).toBe(counted);
});

test('A text of any length is counted under a short one', () => {
  expect(normalizeSourceAddress('x'.repeat(100_000))).toHaveLength(128);
});
