/** A process of its own, since its memory is the point: takes up as many sessions as there may be, and saves them. */
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { OpenSession } from '../../../collector/process/open-session.ts';
import { Pipeline } from '../../../collector/process/pipeline.ts';
import { SessionRows } from '../../../collector/process/session-rows.ts';

const config = collectorDefaults;
const TOOLS = 10;
const rows = new SessionRows();
const longName = (text: string) => text.padEnd(128, 'x');

/** Restored in portions, so that the process never holds more of what it restores than a collector would. */
const portion = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    const session = new OpenSession(rows, rows.take(`${from + i}`.padStart(32, '0')));
    session.begin('chat', longName('server'), 0, Date.now());
    for (let tool = 0; tool < TOOLS; tool++) {
      const endpoint = `${longName('server')}/${longName(`${from + i}-${tool}`)}`;
      session.addTool(endpoint);
      session.recentCalls.add(endpoint, 1_000);
    }
    const saved = session.saved();
    rows.release(session.row);
    return saved;
  });

const instruments = createInstruments(config, Date.now);
const pipeline = new Pipeline(config, instruments, Date.now, (error) => {
  throw error;
});
for (let from = 0; from < config.limits.sessions; from += 1_000) {
  const open = portion(from, Math.min(from + 1_000, config.limits.sessions));
  const started = pipeline.restore(JSON.parse(JSON.stringify({ sessions: { open, ended: [], peaks: [] } })));
  if (started.includes('sessions')) throw new Error('the sessions were not taken up');
}
const state = pipeline.save();
let bytes = JSON.stringify(state.parts).length;
for (const [, json] of state.sessions.slices()) bytes += Buffer.byteLength(json);
state.sessions.end();
process.stdout.write(JSON.stringify({ sessions: pipeline.sessions.open.length, bytes }));
