import { expect, test } from 'vitest';
import { toolCallBytes, toolCallDuration } from '../../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { Tallies } from '../../../collector/process/tally.ts';
import { sampleValue } from '../exposition.ts';

const labels = { server: 'files', tool: 'read' };
const bytes = { ...labels, direction: 'request' } as const;

/** Instruments with one counter and one histogram whose zeros have been seen. */
async function ready() {
  let nowMs = 0;
  const instruments = createInstruments(collectorDefaults, () => nowMs);
  const counter = instruments.counter(toolCallBytes, bytes);
  const histogram = instruments.histogram(toolCallDuration, labels);
  const scrape = async () => {
    nowMs += collectorDefaults.scrapeIntervalSeconds * 1_000;
    return instruments.exposition();
  };
  for (let i = 0; i < 3; i++) await scrape();
  return { instruments, counter, histogram, scrape };
}

test('counts come to their series when a scrape asks for them, once', async () => {
  const { instruments, counter, histogram, scrape } = await ready();
  const tallies = new Tallies();
  instruments.beforeCounts(() => tallies.settle());
  const tally = tallies.newTally();
  tally.setHistogram(histogram);
  const place = tally.placeOf(counter);
  tally.add(place, 40);
  tally.add(place, 2);
  tally.observe(0.02);
  tally.observe(70_000);
  for (let i = 0; i < 3; i++) {
    const text = await scrape();
    expect(sampleValue(text, toolCallBytes, bytes)).toBe(42);
    expect(sampleValue(text, toolCallDuration, labels, '_count')).toBe(2);
    expect(sampleValue(text, toolCallDuration, labels, '_sum')).toBe(70_000.02);
  }
  tally.add(place, 1);
  expect(sampleValue(await scrape(), toolCallBytes, bytes)).toBe(43);
});

test('what has not come to its series is saved with what has not been seen, and is not called settled', async () => {
  const { instruments, counter, scrape } = await ready();
  for (let i = 0; i < 3; i++) await scrape();
  expect(instruments.settled).toBe(true);
  const tallies = new Tallies();
  instruments.beforeCounts(() => tallies.settle());
  const tally = tallies.newTally();
  tally.add(tally.placeOf(counter), 7);
  expect(instruments.settled).toBe(false);
  tally.add(0, 1);
  const saved = instruments.unseen().find(({ metric }) => metric === toolCallBytes.name);
  expect(saved?.series.map(({ value }) => value)).toContain(8);
});

test('a flood of tallies does not wait for a scrape', async () => {
  const { instruments, counter } = await ready();
  const tallies = new Tallies();
  for (let i = 0; i < 5_000; i++) {
    const tally = tallies.newTally();
    tally.add(tally.placeOf(counter), 1);
  }
  const saved = instruments.unseen().find(({ metric }) => metric === toolCallBytes.name);
  expect(saved?.series.map(({ value }) => value)).toContain(4_096);
});
