/** Counts what gateways and servers refused: policy decisions, DLP blocks and failed authentications. */
import type { EventOf, McpEvent } from '../catalogue/events.ts';
import { authFailures, dlpBlocks, policyDecisions } from '../catalogue/metrics.ts';
import type { Occasion, Parts } from './parts.ts';
import { normalizeSourceAddress } from './source-address.ts';

export function policyDecision(
  event: EventOf<'policy_decision'>,
  { session, timeMs }: Occasion,
  { instruments, knownTools, detection }: Parts,
): void {
  const { server, tool, decision } = event;
  instruments.inc(policyDecisions, { server, tool: knownTools.name(server, tool).tool, decision });
  if (!session) return;
  if (decision === 'deny') session.denials++;
  detection.policyDecision(event, timeMs, session);
}

export function dlpBlock(
  { server, tool, rule, direction }: EventOf<'dlp_block'>,
  occasion: Occasion,
  { instruments, knownTools, windows }: Parts,
): void {
  // Only a tool that exists has a response to block.
  if (direction === 'response') knownTools.learn(server, tool);
  instruments.inc(dlpBlocks, { server, tool: knownTools.name(server, tool).tool, rule });
  windows.add('dlp_block', '', occasion);
  if (occasion.session) occasion.session.dlpBlocks++;
}

export function authFailure(
  { server, reason, source }: EventOf<'auth_failure'>,
  occasion: Occasion,
  { instruments, windows }: Parts,
): void {
  instruments.inc(authFailures, { server, reason: reason ?? 'other' });
  windows.add('auth_failure', normalizeSourceAddress(source), occasion);
  if (occasion.session) occasion.session.authFailures++;
}

/** Counts an event of which this process has nothing but the burst window. */
export function countInWindow(event: McpEvent, occasion: Occasion, { windows }: Parts): void {
  if (event.kind === 'dlp_block') windows.add('dlp_block', '', occasion);
  if (event.kind === 'auth_failure')
    windows.add('auth_failure', normalizeSourceAddress(event.source), occasion);
}
