import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCorpora } from '../../../eval/corpora.ts';
import { drift } from '../../../eval/inject/drift.ts';
import { behindGateway, excursions } from '../../../eval/inject/foreign-tools.ts';
import { dayOf, offHours } from '../../../eval/inject/off-hours.ts';
import { slowLeaks } from '../../../eval/inject/slow-leak.ts';
import { viral } from '../../../eval/inject/viral.ts';

const { sessions, goals } = readCorpora(join(import.meta.dirname, '../../../eval/corpora'));

test('an excursion ends a benign session with the calls of another type’s goal', () => {
  const made = excursions(sessions, goals, 1);
  expect(made.length).toBeGreaterThan(100);
  for (const { type, foreignType, leavesAt, calls } of made) {
    expect(foreignType).not.toBe(type);
    expect(calls.length).toBeGreaterThan(leavesAt);
  }
  expect(new Set(made.map(behindGateway).flatMap(({ calls }) => calls.map(({ server }) => server)))).toEqual(
    new Set(['gateway']),
  );
  expect(excursions(sessions, goals, 1)).toEqual(made);
});

test('a campaign reaches different users within hours, in the weeks that are judged', () => {
  const { benign, campaigns, judgedFromMs } = viral(sessions, goals, 1);
  expect(campaigns.length).toBeGreaterThan(10);
  for (const { victims } of campaigns) {
    expect(new Set(victims.map(({ user }) => user)).size).toBe(victims.length);
    expect(Math.min(...victims.map(({ calls }) => calls[0]!.atMs!))).toBeGreaterThan(judgedFromMs);
  }
  expect(benign.every(({ label }) => label === 'benign')).toBe(true);
});

test('an intruder comes once to few principals, and no principal works where it comes', () => {
  const { sessions: made, intrusions, judgedFromMs } = offHours(1);
  expect(intrusions.length).toBeGreaterThan(10);
  const judged = made.filter(({ label, calls }) => label === 'benign' && calls[0]!.atMs! >= judgedFromMs);
  expect(new Set(judged.map(dayOf)).size).toBeGreaterThan(1_000);
  expect(made.filter(({ label }) => label === 'hijacked')).toHaveLength(intrusions.length);
});

test('a leak lasts a week, by one user to one place', () => {
  const { leaks, sessions: made } = slowLeaks(1);
  const byId = new Map(made.map((session) => [session.id, session]));
  for (const { user, sessions: ids } of leaks) {
    expect(ids).toHaveLength(7);
    expect(ids.every((id) => byId.get(id)?.user === user && byId.get(id)?.label === 'hijacked')).toBe(true);
  }
});

describe('drift', () => {
  test('mixes in the share that was asked for, and the same for the same seed', () => {
    const labels = (seed: number) => {
      const mixed = drift(sessions, seed).drifted('any', 0.2);
      return Array.from({ length: 2_000 }, () => mixed.next().value.label as string);
    };
    const drifted = labels(1).filter((label) => label === 'hijacked').length;
    expect(drifted / 2_000).toBeCloseTo(0.2, 1);
    expect(labels(1)).toEqual(labels(1));
  });
});
