/**
 * The most distinct tools of any session of a type that is open or ended within the hold time, without a walk over
 * the sessions: it keeps how many open sessions stand at each number of tools.
 */
import { PeakHold } from './peak-hold.ts';

interface TypePeak {
  /** Open sessions by their number of distinct tools. */
  readonly open: number[];
  /** No open session has more tools than this. */
  highest: number;
  sessions: number;
  readonly ended: PeakHold;
}

export class DiversityPeaks {
  readonly #holdMs: number;
  readonly #types = new Map<string, TypePeak>();

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** A session of this type opened, with so many distinct tools. */
  opened(type: string, tools: number): void {
    const peak = this.#of(type);
    peak.sessions++;
    rise(peak, tools);
  }

  /** An open session called one more tool and has so many now. */
  grew(type: string, tools: number): void {
    const peak = this.#of(type);
    fall(peak, tools - 1);
    rise(peak, tools);
  }

  /** A session is open no more, or of another type. */
  left(type: string, tools: number): void {
    const peak = this.#of(type);
    peak.sessions--;
    fall(peak, tools);
  }

  /** Holds the number of tools of a session that has left. */
  hold(type: string, tools: number, nowMs: number): void {
    this.#of(type).ended.add(nowMs, tools);
  }

  /** Each type that has a session open or held, and its peak. */
  *peaks(nowMs: number): Generator<readonly [type: string, tools: number]> {
    for (const [type, peak] of this.#types) {
      while (peak.highest > 0 && !peak.open[peak.highest]) peak.highest--;
      const held = peak.ended.peak(nowMs);
      if (peak.sessions > 0 || held > 0) yield [type, Math.max(peak.highest, held)];
    }
  }

  #of(type: string): TypePeak {
    const known = this.#types.get(type);
    if (known) return known;
    const created = { open: [], highest: 0, sessions: 0, ended: new PeakHold(this.#holdMs) };
    this.#types.set(type, created);
    return created;
  }
}

function rise(peak: TypePeak, tools: number): void {
  peak.open[tools] = (peak.open[tools] ?? 0) + 1;
  peak.highest = Math.max(peak.highest, tools);
}

function fall(peak: TypePeak, tools: number): void {
  peak.open[tools] = (peak.open[tools] ?? 0) - 1;
}
