/** Findings from memory, and from the index those that memory no longer has. */
import type { FindingQuery } from '../audit/finding-search.ts';
import { IndexError } from '../audit/index-thread.ts';
import type { Finding } from '../process/finding.ts';
import { type FindingList, indexQueryOf, listFindings } from './finding-query.ts';
import { NoAnswer } from './no-answer.ts';
import type { Shown } from './session-list.ts';

const LARGEST = 1_000;

/** The findings that a query asks for, those seen last first. Throws BadQuery. */
export async function findFindings(shown: Shown, query: URLSearchParams): Promise<FindingList> {
  const { findings, matching } = await withIndexed(shown, indexQueryOf(query));
  const list = listFindings(findings, query);
  return { ...list, matching: Math.max(list.matching, matching) };
}

/** One finding, also one that made room for others. Throws a NoAnswer when there is none, or the index cannot say so. */
export async function findFinding(shown: Shown, id: string): Promise<Finding> {
  const known = shown.pipeline.findings.find(id);
  if (known) return known;
  let found: readonly Finding[];
  try {
    found = (await shown.index.ask('findings', { where: { id }, limit: 1 })).findings;
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    throw new NoAnswer(
      503,
      `memory no longer has this finding, and the index gave no answer (${error.message}): try again`,
    );
  }
  // It may have come back meanwhile.
  const finding = shown.pipeline.findings.find(id) ?? found[0];
  if (finding) return finding;
  throw new NoAnswer(404, 'no finding has this id; those that the journal has no more are forgotten');
}

/** All findings about a session, the newest first. */
export const findingsOfSession = (shown: Shown, session: string): Promise<readonly Finding[]> =>
  allWith(shown, 'session', session);

/** All findings of an incident, the newest first. */
export const findingsOfIncident = (shown: Shown, incident: string): Promise<readonly Finding[]> =>
  allWith(shown, 'incident', incident);

async function allWith(
  shown: Shown,
  field: 'session' | 'incident',
  value: string,
): Promise<readonly Finding[]> {
  const { findings } = await withIndexed(shown, { where: { [field]: value }, limit: LARGEST });
  return findings
    .filter((finding) => finding[field] === value)
    .sort((a, b) => b.last_seen_ms - a.last_seen_ms);
}

/** All findings in memory and what the index has; memory knows better. What the index cannot tell is missing. */
async function withIndexed({ pipeline, index }: Shown, query: FindingQuery) {
  const all = new Map<string, Finding>();
  let matching = 0;
  try {
    const found = await index.ask('findings', query);
    matching = found.matching;
    for (const finding of found.findings) all.set(finding.id, finding);
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
  }
  for (const finding of pipeline.findings.all) all.set(finding.id, finding);
  return { findings: [...all.values()], matching };
}
