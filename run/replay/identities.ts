/** Who the replayed sessions belong to: invented, and always the same for the same session. */
import { random } from './random.ts';
import type { SessionFields } from './timed-event.ts';

const clients = [
  { name: 'claude-code', version: '2.1.4' },
  { name: 'cursor', version: '3.0.2' },
  { name: 'vscode', version: '1.118.0' },
  { name: 'langgraph-agent', version: '1.4.0' },
] as const;
const people = [
  'ada',
  'bo',
  'chi',
  'dana',
  'emil',
  'fay',
  'gus',
  'hana',
  'ivo',
  'june',
  'kim',
  'lea',
] as const;

/** Half of all sessions come from the first client: shares that differ are what a panel of shares is for. */
export function identity(seed: number, sessionId: string, type: string): SessionFields {
  const { pick, chance, between } = random(seed, `identity of ${sessionId}`);
  return {
    client: chance(0.35) ? clients[0] : pick(clients),
    user: `${pick(people)}@example.com`,
    session: { id: sessionId, type },
    source: `10.20.${Math.floor(between(0, 8))}.${Math.floor(between(1, 255))}`,
    environment: 'demo',
  };
}
