/** What the detectors found: a bounded list for people, grouped into incidents, and a counter for alerts and panels. */
import { hash } from 'node:crypto';
import { collectorEvictions } from '../catalogue/collector-metrics.ts';
import { findings, findingsUnpaged, incidentsOpen } from '../catalogue/metrics.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import { compareSeverity, type Finding, findingCheck, statusAfter, type Verdict } from './finding.ts';
import { belongsTo, familyOfDetector, type Related } from './incidents.ts';

export type { Finding } from './finding.ts';

/** What is told of a finding when it is made or brought up to date. */
export type Observation = Omit<
  Finding,
  'id' | 'incident' | 'status' | 'verdict' | 'first_seen_ms' | 'last_seen_ms'
> & {
  /** Tells this finding from others of the detector about the same session id. */
  readonly startedMs: number;
  readonly timeMs: number;
};

/** The same before anybody has decided how much it matters. */
export type Draft = Omit<Observation, 'severity' | 'supporting' | 'risk'>;

/** A verdict as it is journaled. */
export interface Judgement {
  readonly finding: string;
  readonly verdict: Verdict;
  readonly note?: string;
  /** Who says so, in their own words: the port knows nobody. */
  readonly by?: string;
  readonly time_ms: number;
}

/**
 * What pages stays until a human has said what it is. One that nobody looked at for so long after it was last seen is no
 * longer for whoever is on call; lists still have it as open.
 */
const PAGES_FOR_MS = 7 * 86_400_000;

const idOf = (detector: string, session: string, startedMs: number) =>
  hash('sha256', `${detector} ${session} ${startedMs}`, 'base64url').slice(0, 16);

export class Findings {
  readonly #limit: number;
  readonly #instruments: Instruments;
  /** By id, the oldest first. */
  readonly #found = new Map<string, Finding>();
  /** Made or changed since they were last taken to be written. */
  #unwritten = new Set<string>();
  /** Of them those that have made room meanwhile. */
  #leaving: Finding[] = [];
  /** Among them is one that must not be lost: made, or more severe than before. */
  #urgent = false;
  /** Told of each finding that was made or changed. */
  onChange: (finding: Finding) => void = () => {};

  constructor(config: CollectorConfig, instruments: Instruments) {
    this.#limit = config.limits.findings;
    this.#instruments = instruments;
  }

  /** All findings, the newest first. */
  get all(): readonly Finding[] {
    return [...this.#found.values()].reverse();
  }

  /** Findings about a session, by its hashed id, the newest first. */
  of(session: string): readonly Finding[] {
    return this.all.filter((finding) => finding.session === session);
  }

  find(id: string): Finding | undefined {
    return this.#found.get(id);
  }

  /** The findings of an incident, the newest first. */
  incident(id: string): readonly Finding[] {
    return this.all.filter(({ incident }) => incident === id);
  }

  /** What is known about the session of a finding that is about to be reported, by its detector. */
  known(detector: Finding['detector'], session: string, startedMs: number): Finding | undefined {
    return this.#found.get(idOf(detector, session, startedMs));
  }

  /** Adds a finding, or brings the one that is there up to date; its incident may be one that exists. */
  report({ startedMs, timeMs, ...observed }: Observation): Finding {
    const id = idOf(observed.detector, observed.session, startedMs);
    const known = this.#found.get(id);
    if (known) {
      this.#update(known, observed, timeMs);
      return known;
    }
    const found = { id, ...observed, status: 'open' as const, first_seen_ms: timeMs, last_seen_ms: timeMs };
    const finding = { ...found, incident: this.#incidentOf(found) };
    this.#count(finding);
    this.#add(finding);
    this.#changed(finding);
    this.#urgent = true;
    return finding;
  }

  /** Whether the incident that such a finding would belong to is critical already. */
  joinsCritical(observed: Draft): boolean {
    const { detector, session, startedMs, timeMs } = observed;
    const known = this.known(detector, session, startedMs);
    const related = known ? [known] : this.#related({ ...observed, first_seen_ms: timeMs });
    const incidents = new Set(related.map(({ incident }) => incident));
    for (const { incident, severity } of this.#found.values())
      if (severity === 'critical' && incidents.has(incident)) return true;
    return false;
  }

  /**
   * Takes a verdict; `evicted` is the finding where it has made room for others, and comes back then, since a human is at
   * it. Undefined when it is not known at all.
   */
  judge({ finding: id, ...said }: Judgement, evicted?: Finding): Finding | undefined {
    const known = this.#found.get(id);
    const finding = known ?? evicted;
    if (!finding) return undefined;
    finding.status = statusAfter[said.verdict];
    finding.verdict = said;
    if (!known) this.#add(finding);
    this.#changed(finding);
    return finding;
  }

  /** Whether a finding is new or became worse since the last ones were taken to be written. */
  get urgent(): boolean {
    return this.#urgent;
  }

  /** Findings made or changed since this was last asked, to be written to the journal. */
  takeUnwritten(): Finding[] {
    this.#urgent = false;
    const taken = [...this.#leaving, ...[...this.#unwritten].flatMap((id) => this.#found.get(id) ?? [])];
    this.#leaving = [];
    this.#unwritten = new Set();
    return taken;
  }

  /** Gives back what could not be written. */
  putBack(findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (this.#found.has(finding.id)) this.#unwritten.add(finding.id);
      else this.#leave(finding);
    }
  }

  /** Takes up a finding that the journal has. One that is not known counts, as it did when it was written. */
  replay(finding: Finding): void {
    const known = this.#found.get(finding.id);
    // It may have been written while a verdict was on its way to the disk before it.
    const isBehind = (finding.verdict?.time_ms ?? 0) < (known?.verdict?.time_ms ?? 0);
    const reopened = !isBehind && known?.status === 'dismissed' && finding.status === 'open';
    if (!known || reopened || compareSeverity(finding.severity, known.severity) > 0) this.#count(finding);
    else if (finding.last_seen_ms < known.last_seen_ms) return;
    const told = isBehind && known ? { ...finding, status: known.status, verdict: known.verdict } : finding;
    this.#add(told);
    this.onChange(told);
  }

  /** What waits for somebody's verdict at once: a series for each incident and family, by its first finding that does. */
  expose(nowMs: number): void {
    const pages = new Map<string, { readonly first: Finding; count: number }>();
    let unpaged = 0;
    for (const finding of this.#found.values()) {
      const { certainty, severity, status, last_seen_ms, incident, detector } = finding;
      if (status !== 'open' || last_seen_ms <= nowMs - PAGES_FOR_MS) continue;
      if (severity === 'critical') {
        const key = `${familyOfDetector(detector)} ${incident}`;
        const page = pages.get(key);
        if (page) page.count++;
        else pages.set(key, { first: finding, count: 1 });
      } else if (certainty === 'confirmed') unpaged++;
    }
    const instruments = this.#instruments;
    instruments.reset(incidentsOpen);
    for (const { first, count } of pages.values()) {
      const { incident, detector, session_type } = first;
      instruments.set(incidentsOpen, { incident, detector, session_type }, count);
    }
    instruments.set(findingsUnpaged, {}, unpaged);
  }

  snapshot(): readonly Finding[] {
    return [...this.#found.values()];
  }

  /** False when some of what was saved has another shape; the others are there. */
  restore(saved: unknown): boolean {
    if (!Array.isArray(saved)) return false;
    const usable = saved.filter((finding) => findingCheck.Check(finding));
    for (const finding of usable) this.#add(finding);
    return usable.length === saved.length;
  }

  /**
   * Of several reports about a session the one with the highest severity and score is told. What is told of one that was
   * dismissed shows something else, and opens it again.
   */
  #update(known: Finding, observed: Omit<Observation, 'startedMs' | 'timeMs'>, timeMs: number): void {
    const rise = compareSeverity(observed.severity, known.severity);
    const reopened = known.status === 'dismissed';
    known.last_seen_ms = Math.max(known.last_seen_ms, timeMs);
    if (!reopened && (rise < 0 || (rise === 0 && observed.score <= known.score))) return;
    Object.assign(known, observed, reopened && { status: 'open' });
    if (rise > 0 || reopened) {
      this.#count(known);
      this.#urgent = true;
    }
    this.#changed(known);
  }

  #incidentOf(found: Related & { readonly id: string }): string {
    const related = this.#related(found);
    const [oldest] = related;
    if (!oldest) return found.id;
    // What it belongs to becomes one: a session may bring two destinations together.
    const joined = new Set(related.map(({ incident }) => incident));
    for (const finding of this.#found.values()) {
      if (finding.incident === oldest.incident || !joined.has(finding.incident)) continue;
      finding.incident = oldest.incident;
      this.#changed(finding);
    }
    return oldest.incident;
  }

  #related(found: Related): Finding[] {
    return [...this.#found.values()].filter((known) => belongsTo(found, known));
  }

  #count({ detector, severity, session_type }: Finding): void {
    this.#instruments.inc(findings, { detector, severity, session_type });
  }

  #changed(finding: Finding): void {
    this.#unwritten.add(finding.id);
    this.onChange(finding);
  }

  #add(finding: Finding): void {
    this.#found.set(finding.id, finding);
    if (this.#found.size <= this.#limit) return;
    const out = this.#leastNeeded();
    const left = this.#found.get(out) as Finding;
    this.#found.delete(out);
    if (this.#unwritten.delete(out)) this.#leave(left);
    this.#instruments.inc(collectorEvictions, { table: 'findings' });
  }

  /** Keeps one for the journal that memory has no room for: as many as may be found, since the disk may not take them now. */
  #leave(finding: Finding): void {
    if (this.#leaving.length < this.#limit) this.#leaving.push(finding);
  }

  /**
   * What makes room at the bound: the oldest that waits for nobody's verdict at once, so that no flood of warnings drives
   * a page out; else the oldest of the largest incident, so that no campaign drives out another one's.
   */
  #leastNeeded(): string {
    const ofIncident = new Map<string, string[]>();
    for (const { id, severity, status, incident } of this.#found.values()) {
      if (severity !== 'critical' || status !== 'open') return id;
      const ids = ofIncident.get(incident);
      if (ids) ids.push(id);
      else ofIncident.set(incident, [id]);
    }
    let largest: readonly string[] = [];
    for (const ids of ofIncident.values()) if (ids.length > largest.length) largest = ids;
    return largest[0] as string;
  }
}
