/**
 * The network address a burst is counted by. One attacker must not count as many, so ports and zones go, IPv6 is cut
 * to the /64 that one host can pick addresses from, and an IPv4 address written as IPv6 is the IPv4 address.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { cleanLabelValue } from '../series-bounds.ts';

/** `192.0.2.1`, `2001:db8:0:1::/64`, or the cleaned text where it is no address. */
export function normalizeSourceAddress(source: string): string {
  const address = withoutPort(source.trim()).replace(/%.*$/s, '');
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return cleanLabelValue(source);
  const groups = groupsOf(address);
  const [high, low] = groups.slice(6) as [number, number];
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  while (network.at(-1) === '0') network.pop();
  return `${network.join(':')}::/64`;
}

function withoutPort(address: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address);
  if (bracketed) return bracketed[1] as string;
  return /^([^:]*):\d+$/.exec(address)?.[1] ?? address;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const pair = (x: string, y: string) => (Number(x) * 256 + Number(y)).toString(16);
    return `${pair(a, b)}:${pair(c, d)}`;
  });
  const parse = (part: string | undefined) =>
    part ? part.split(':').map((group) => Number.parseInt(group, 16)) : [];
  const [before, after] = hex.split('::');
  const head = parse(before);
  const tail = parse(after);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}
