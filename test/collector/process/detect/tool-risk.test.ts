import { describe, expect, test } from 'vitest';
import type { EventOf } from '../../../../collector/catalogue/events.ts';
import type { CollectorConfig } from '../../../../collector/config.ts';
import { ToolRisks } from '../../../../collector/process/detect/tool-risk.ts';

const servers: CollectorConfig['servers'] = {
  crm: {
    owner: 'sales',
    environment: 'production',
    tools: { export_contacts: { risk: ['outward'] }, send_email: { risk: [] }, find: {} },
  },
  files: { owner: 'platform', environment: 'production', tools: ['read_file'] },
};

function listed(annotations: Record<string, unknown>, name = 'lookup_weather'): ToolRisks {
  const risks = new ToolRisks({ servers });
  const tools = [{ name, annotations }];
  risks.list({ kind: 'tool_list', server: 'weather', tools } as unknown as EventOf<'tool_list'>);
  return risks;
}

describe('the risk of a tool', () => {
  test('is what the registry says, and nothing else', () => {
    const risks = new ToolRisks({ servers });
    expect(risks.of('crm', 'export_contacts')).toMatchObject({
      outward: true,
      sink: true,
      provenance: 'registry',
    });
    expect(risks.of('crm', 'send_email')).toMatchObject({
      outward: false,
      sink: false,
      provenance: 'registry',
    });
  });

  test('follows from the name where the registry says nothing of it', () => {
    const risks = new ToolRisks({ servers });
    for (const [server, tool] of [
      ['crm', 'find'],
      ['files', 'read_file'],
      ['nowhere', 'sendEmail'],
    ] as const)
      expect(risks.of(server, tool).provenance).toBe('name');
    expect(risks.of('nowhere', 'sendEmail')).toMatchObject({ sink: true, outward: true });
    expect(risks.of('files', 'read_file')).toMatchObject({ sink: false, untrusted: true });
  });

  test.each([
    [{ readOnlyHint: false }, { sink: true, outward: false }],
    [{ destructiveHint: true }, { sink: true, outward: false }],
    [
      { destructiveHint: true, openWorldHint: true },
      { sink: true, outward: true, untrusted: true },
    ],
    [{ openWorldHint: true }, { sink: false, untrusted: true }],
  ])('is raised by annotations %j', (annotations, risk) => {
    expect(listed(annotations).of('weather', 'lookup_weather')).toMatchObject({
      ...risk,
      provenance: 'annotations',
    });
  });

  test('is not lowered by annotations, since the server writes them itself', () => {
    const risks = listed({ readOnlyHint: true, openWorldHint: false }, 'send_email');
    expect(risks.of('weather', 'send_email')).toMatchObject({
      sink: true,
      outward: true,
      provenance: 'name',
    });
  });

  test('is again that of the name when a server no longer annotates the tool', () => {
    const risks = listed({ readOnlyHint: false });
    risks.list({
      kind: 'tool_list',
      server: 'weather',
      tools: [{ name: 'lookup_weather' }],
    } as unknown as EventOf<'tool_list'>);
    expect(risks.of('weather', 'lookup_weather').provenance).toBe('name');
  });

  test('can be asked of names that mean something to JavaScript', () => {
    const risks = listed({ readOnlyHint: false }, '__proto__');
    expect(risks.of('weather', '__proto__').provenance).toBe('annotations');
    expect(risks.of('__proto__', 'constructor').provenance).toBe('name');
  });
});
