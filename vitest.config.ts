import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes: Prometheus, Alertmanager, promtool and collectors need longer than a function call.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Most of the time is spent waiting for scrapes and evaluations, so there may be more workers than cores.
    maxWorkers: 4,
    // Unpacks the binaries once, before tests of several files ask for them at the same time.
    globalSetup: ['test/binaries.ts'],
  },
});
