import { describe, expect, test } from 'vitest';
import { accessViolations, serverInfo } from '../../../collector/catalogue/metrics.ts';
import { Lookout } from './lookout.ts';

const servers = {
  files: { owner: 'platform', environment: 'production', clients: ['agent'], tools: ['read'] },
  open: { owner: 'research', environment: 'staging' },
};

async function violations(mcp: Lookout): Promise<string[]> {
  const samples = await mcp.samples(accessViolations);
  return samples
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => `${labels.server} ${labels.client} ${labels.reason} ${value}`)
    .sort();
}

describe('the registry of servers', () => {
  test('is shown with owner and environment from the start', async () => {
    const mcp = new Lookout({ servers });
    expect(
      await mcp.gauge(serverInfo, { server: 'files', owner: 'platform', environment: 'production' }),
    ).toBe(1);
    expect(await mcp.gauge(serverInfo, { server: 'open', owner: 'research', environment: 'staging' })).toBe(
      1,
    );
  });

  test('is content with an allowed client and an approved tool, and claims nothing it does not list', async () => {
    const mcp = new Lookout({ servers });
    mcp.send('tool_call', { client: { name: 'agent' } });
    mcp.send('tool_call', { server: 'open', tool: 'anything', client: { name: 'anyone' } });
    expect(await violations(mcp)).toEqual([]);
  });

  test('finds a client that is not allowed, named or not, and a tool that is not approved', async () => {
    const mcp = new Lookout({ servers });
    mcp.send('tool_call', { client: { name: 'stranger' } });
    mcp.send('tool_call');
    mcp.send('tool_call', { client: { name: 'agent' }, tool: 'delete', outcome: 'denied' });
    expect(await violations(mcp)).toEqual([
      'files _unknown client_not_allowed 1',
      'files agent tool_not_approved 1',
      'files stranger client_not_allowed 1',
    ]);
  });

  test('finds a server that is not in it, even one called like an object member', async () => {
    const mcp = new Lookout({ servers });
    for (const server of ['shadow', '__proto__', 'constructor']) mcp.send('tool_call', { server });
    expect(await violations(mcp)).toEqual([
      '__proto__ _unknown unknown_server 1',
      'constructor _unknown unknown_server 1',
      'shadow _unknown unknown_server 1',
    ]);
  });

  test('that is empty claims nothing about any server', async () => {
    const mcp = new Lookout();
    mcp.send('tool_call');
    expect(await violations(mcp)).toEqual([]);
  });
});
