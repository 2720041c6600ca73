import { defineConfig } from 'vitest/config';

const long = process.env['HOUNSFIELD_LONG'] === '1';

export default defineConfig({
  test: {
    include: long ? ['{src,test}/**/*.long.ts'] : ['{src,test}/**/*.test.ts'],
    testTimeout: long ? 1_800_000 : 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
    // Tests leave nothing in the user's cache; those of the cache name folders of their own.
    env: { HOUNSFIELD_CACHE: 'off' },
  },
});
