/** Why an authentication failed, out of a gateway's own words. */
import type { AuthFailureReason } from '../../catalogue/labels.ts';

const wordings: readonly (readonly [RegExp, AuthFailureReason])[] = [
  [/expired/i, 'expired_token'],
  [/insufficient.scope|missing scope/i, 'insufficient_scope'],
  [/\b(origin|host) (not allowed|rejected)|\b(invalid|bad|disallowed) (origin|host)\b/i, 'origin_rejected'],
  [/\b(no|missing|without|absent)\b.*\b(token|credential|authorization|api.?key|header)/i, 'missing_token'],
  [/unauthenticated/i, 'missing_token'],
  [/invalid|malformed|signature|unknown key/i, 'invalid_token'],
];

export function authReasonOf(text: string | undefined): AuthFailureReason {
  const words = text?.slice(0, 512) ?? '';
  return wordings.find(([wording]) => wording.test(words))?.[1] ?? 'other';
}
