/** Why a request was refused before MCP saw it. Decided by the request, since TypeScript servers say `invalid_token` also where no token came. */
import { isIPv6 } from 'node:net';
import type { AuthFailureReason } from './events.ts';
import type { HeaderReader } from './identity.ts';

/** The reason behind a 401 or 403; undefined for any other status. `challenge` is the answer's `WWW-Authenticate`. */
export function authFailureReason(
  status: number,
  header: HeaderReader,
  challenge = '',
): AuthFailureReason | undefined {
  const hadToken = header('authorization') !== undefined;
  if (status === 401) {
    if (!hadToken) return 'missing_token';
    return /error_description="[^"]*expired/i.test(challenge) ? 'expired_token' : 'invalid_token';
  }
  if (status !== 403) return undefined;
  if (/error="?insufficient_scope/i.test(challenge)) return 'insufficient_scope';
  // Servers refuse foreign origins and hosts with a bare 403; to a token without an origin it says something else.
  return hadToken && header('origin') === undefined ? 'other' : 'origin_rejected';
}

/** The address as the collector groups it: IPv4 in IPv6 clothes is IPv4. */
export function plainAddress(address: string | undefined): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address ?? '')?.[1];
  if (mapped !== undefined) return mapped;
  // A zone such as %eth0 names this machine's interface, not the peer.
  return address !== undefined && isIPv6(address) ? address.split('%')[0] : address;
}
