import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileRunbooks, phases, runbooksFolder } from '../../alerts/compile/runbooks.ts';
import { compileAlerts } from '../../alerts/compile.ts';
import { resolveAlerts } from '../../alerts/resolve.ts';
import { sortKeys } from '../../collector/audit/session-query.ts';
import { jobs } from '../../collector/catalogue/jobs.ts';
import { faultsOf, knownSeries } from '../known-names.ts';
import { configOf } from './compiled.ts';

const names = readdirSync(runbooksFolder).sort();
const read = (name: string) => readFileSync(join(runbooksFolder, name), 'utf8');
const fenced = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(
    ([, block]) => block!,
  );

test('every alert has a runbook and every runbook an alert', () => {
  const asked = Object.values(resolveAlerts()).map(({ runbook }) => `${runbook}.md`);
  expect(names).toEqual([...asked].sort());
});

test('an alert without a runbook does not compile', () => {
  const { Watchdog } = resolveAlerts();
  expect(() => compileRunbooks([{ ...Watchdog, runbook: 'ir-missing' }], 'mcp-lookout')).toThrow(
    'Watchdog has no runbook: write alerts/runbooks/ir-missing.md',
  );
});

describe.each(names)('%s', (name) => {
  const text = read(name);

  test('goes through the five phases in order, each with something in it', () => {
    const sections = text.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0])).toEqual([...phases]);
    for (const section of sections)
      expect(section.split('\n').slice(1).join(' ').trim().length).toBeGreaterThan(60);
  });

  test('starts with the name of its alert', () => {
    const alert = Object.values(resolveAlerts()).find(({ runbook }) => `${runbook}.md` === name);
    expect(text.startsWith(`# ${alert?.name}: `)).toBe(true);
  });

  test('asks queries that parse and name only what the catalogue has', () => {
    const queries = fenced(text, 'promql');
    expect(queries.length).toBeGreaterThan(0);
    for (const query of queries) expect(faultsOf(query.trim()), query).toEqual([]);
    const metrics = [...text.matchAll(/\bmcp_[a-z_]+/g)].map(([metric]) => metric);
    expect(metrics.filter((metric) => !knownSeries.has(metric))).toEqual([]);
  });

  test('gives commands for things that exist', () => {
    for (const [, kind, component] of text.matchAll(/\b(statefulset|deployment|service)\/([a-z-]+)/g)) {
      expect(Object.keys(jobs)).toContain(component);
      if (kind !== 'service') expect(kind).toBe(component === 'grafana' ? 'deployment' : 'statefulset');
    }
    for (const [command] of text.matchAll(/kubectl (?!cordon)[^`\n]*/g))
      expect(command).toMatch(/^kubectl -n mcp-lookout /);
    for (const [, sort] of text.matchAll(/[?&]sort=([a-z]+)/g)) expect(sortKeys).toContain(sort);
    for (const [, other] of text.matchAll(/`(ir-[a-z-]+)`/g)) expect(names).toContain(`${other}.md`);
  });
});

test('runbooks come out with the limit, the action and the namespace in force', () => {
  const { runbooks } = compileAlerts({
    ...configOf({ DlpBlockSpike: { above: 25, window: '2m' } }),
    namespace: 'lookout-staging',
  });
  const text = runbooks['ir-dlp-block-spike.md']!;
  expect(text).toContain('```promql\nsum(mcp_dlp_blocks_window_peak{window="120s"}) > 25\n```');
  expect(text).toContain('**critical.** First: Find the session that is being blocked');
  expect(text).toContain('kubectl -n lookout-staging port-forward statefulset/collector 8080');
  expect(text).not.toContain('-n mcp-lookout');
});
