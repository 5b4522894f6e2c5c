import { defineConfig } from 'vitest/config';

const roomsOf = (names: readonly string[]) => names.map((room) => `test/${room}/**/*.test.ts`);

/** Thousands of histories, and the replayed month: `npm run test:fast` leaves them out. */
const long = roomsOf(['search', 'simulation', 'start']);
/** Each byte of a pack changed in turn, the slow definition of redaction, processes that are killed: left out likewise. */
const lengthy =
  process.env['LEAVE_OUT_LENGTHY_TESTS'] === undefined
    ? []
    : [
        'test/audit/join/partitioned-join.test.ts',
        'test/evidence/pack/seal-into-archive.test.ts',
        'test/evidence/produce-pack.test.ts',
        'test/evidence/verify/*.test.ts',
        'test/runner/delivery/{hard-edges,hostile-job,parent-watch}.test.ts',
        'test/runner/redaction/slow-reference.test.ts',
      ];
/** Rooms whose tests change the process: settings of the Azure SDK in its environment, caches of its clients. */
const changeTheProcess = roomsOf([
  'azure',
  'commands',
  'composition',
  'embedded',
  'functions',
  'server',
  'telemetry',
  'web',
]);

export default defineConfig({
  test: {
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two cores are the smallest machine the tests must pass on; the servers under test share them.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'long', include: long } },
      { extends: true, test: { name: 'process-each', include: changeTheProcess } },
      {
        extends: true,
        test: {
          name: 'shared-process',
          include: ['test/**/*.test.ts'],
          exclude: [...long, ...lengthy, ...changeTheProcess],
          // A process for each file would cost these rooms as long again as their tests take.
          isolate: false,
        },
      },
    ],
  },
});
