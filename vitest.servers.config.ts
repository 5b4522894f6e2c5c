import { defineConfig } from 'vitest/config';

/** Tests against real servers of this machine: `npm run test:servers`. Where a server is not installed they skip and say so. */
export default defineConfig({
  test: {
    include: ['test/servers/**/*.servers.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Each file starts servers of its own; one at a time leaves the cores to them.
    maxWorkers: 1,
    reporters: ['verbose'],
  },
});
