/**
 * Pomerium: the lines of its authorize log, which say who may call which tool and why not. A call that it allows is
 * counted by whoever sees it end; one that it denies ends here.
 */
import type { AttributeValue } from '../otlp/record.ts';
import type { Source } from './source.ts';

const reasonsOf = (value: AttributeValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((reason) => typeof reason === 'string') : [];

export const pomerium: Source = {
  name: 'pomerium',
  title: 'Pomerium',
  perspective: { line: 'gateway' },
  sees: ['users', 'policy_decisions', 'auth_failures'],
  fields: {
    method: ['mcp-method'],
    tool: ['mcp-tool'],
    server: ['host'],
    user: ['email', 'user'],
    address: ['ip'],
    arguments: ['mcp-tool-parameters'],
    requestId: ['request-id'],
  },
  also: ['allow', 'allow-why-false', 'deny', 'deny-why-true'],
  refine(reading, get, { attributes }) {
    const allowed = get('allow');
    const denied = get('deny') === 'true';
    if (allowed === undefined || reading.method === undefined) return;
    const refusals = [
      ...reasonsOf(attributes.get('deny-why-true')),
      ...reasonsOf(attributes.get('allow-why-false')),
    ];
    const passed = allowed === 'true' && !denied;
    if (!passed && refusals.includes('user-unauthenticated')) {
      reading.verdicts.push({ kind: 'auth', reason: 'missing_token' });
      return;
    }
    if (reading.method !== 'tools/call') return;
    reading.isCall = !passed;
    const policy = passed ? undefined : refusals[0];
    reading.verdicts.push({ kind: 'policy', decision: passed ? 'allow' : 'deny', ...(policy && { policy }) });
  },
};
