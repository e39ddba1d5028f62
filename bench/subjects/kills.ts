/** Whether anything that was accepted is lost when the collector is killed under load. */
import { configFor, newDataDirectory } from '../collector.ts';
import { atMost, type Figure } from '../figures.ts';
import { killUnderLoad } from '../kills/kill-under-load.ts';
import { type Subject, scaled } from '../subject.ts';

const KILLS = 100;
const SEED = 20_261_121;
const SNAPSHOT_SECONDS = 0.5;

export const kills: Subject = {
  what: 'accepted events that are lost when the collector is killed under load, again and again',
  measure: async (bench) => {
    const count = scaled(bench, KILLS);
    const config = { ...configFor(newDataDirectory('disk')), snapshotIntervalSeconds: SNAPSHOT_SECONDS };
    const outcome = await killUnderLoad(config, { kills: count, seed: SEED, progress: bench.progress });
    const { missing, missingFromJournal } = outcome;
    const none = (what: string, from: readonly number[]): Figure => ({
      name: `${what}, ${count} kills under load`,
      unit: what.startsWith('sessions') ? 'sessions' : 'events',
      rounds: from,
      demand: atMost(Math.max(...from), 0, ''),
    });
    return [
      { name: `accepted, ${count} kills under load`, unit: 'events', rounds: [outcome.acknowledged] },
      { name: `sent again, ${count} kills under load`, unit: 'batches', rounds: [outcome.resent] },
      none('accepted events lost', [missing.lost, missingFromJournal.lost]),
      none('sessions counted wrongly', [missing.miscounted, missingFromJournal.miscounted]),
      none('sessions out of order', [missing.disordered, missingFromJournal.disordered]),
      { name: 'start after a kill under load', unit: 's', rounds: outcome.startSeconds },
    ];
  },
};
