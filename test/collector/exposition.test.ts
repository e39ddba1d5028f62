import { expect, test } from 'vitest';
import { promtoolFaults } from '../promtool.ts';
import { Lookout } from './process/lookout.ts';

test('What Prometheus scrapes has no fault that promtool knows, with hostile names in every label', async () => {
  const mcp = new Lookout({ burstWindows: [{ event: 'auth_failure', windowSeconds: 30, limit: 5 }] });
  const nasty = 'a"} 1\n# TYPE x counter\\';
  mcp.sourceKind = nasty;
  mcp.send('tool_call', {
    server: nasty,
    tool: nasty,
    client: { name: nasty },
    duration_ms: 3,
    request_bytes: 1,
  });
  mcp.calls(nasty, ['read', 'send'], {
    session: { id: nasty, type: nasty },
    request_bytes: 5,
    response_bytes: 5,
  });
  mcp.send('session_end', { session: { id: nasty } });
  mcp.send('dlp_block', { rule: nasty });
  for (let i = 0; i < 6; i++) mcp.send('auth_failure', { source: nasty });
  expect(await promtoolFaults(await mcp.settled())).toBe('');
});

test('promtool would say so if there were one', async () => {
  expect(await promtoolFaults('# TYPE bad_total gauge\nbad_total 1\n')).toContain('bad_total');
});
