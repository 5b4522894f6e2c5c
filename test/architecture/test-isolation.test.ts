import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Lines of tests that could meet a second run on the same machine, or that hide a test. */
const refusals = [
  {
    says: 'a path under /tmp or /dev/shm that another run could have',
    // A name alone, or a template without chance in it. A folder made by mkdtemp, or a name that is only compared, is no clash.
    found: (line: string) =>
      /['"`](?:\/tmp|\/dev\/shm)\/[\w.-]/.test(line) && !/mkdtemp|randomBytes|startsWith|ls -d/.test(line),
  },
  { says: 'a port that another run could have', found: (line: string) => /\.listen\((?!0\b|')[\d_]+/.test(line) },
  {
    says: 'a test that is skipped without a reason',
    found: (line: string) => /\.(?:skipIf|runIf|skip|todo)\(/.test(line),
  },
];

const lines = globSync('test/**/*.ts')
  .filter((file) => !file.startsWith('test/architecture/'))
  .flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line, index) => ({ line, place: `${file}:${String(index + 1)}` })),
  );

/** Rooms of vitest.config.ts in which each file has a process of its own. */
const processEach =
  /^test\/(?:search|simulation|start|azure|commands|composition|embedded|functions|server|telemetry|web)\//;
const changesTheProcess = /process\.env\[[^\]]+\] = |vi\.(?:stubEnv|mock|stubGlobal)|process\.chdir/;

describe('no test has', () => {
  it.each(refusals)('$says', ({ found }) => {
    expect(lines.filter(({ line }) => found(line)).map(({ place, line }) => `${place} ${line.trim()}`)).toEqual([]);
  });

  it('changes to a process that it shares with other files (vitest.config.ts)', () => {
    const config = readFileSync('vitest.config.ts', 'utf8');
    const rooms = [...config.matchAll(/roomsOf\(\[([^\]]+)\]\)/g)].flatMap(
      ([, names = '']) => names.match(/\w+/g) ?? [],
    );
    expect(rooms.filter((room) => !processEach.test(`test/${room}/`))).toEqual([]);
    const shared = lines.filter(({ place, line }) => !processEach.test(place) && changesTheProcess.test(line));
    expect(shared).toEqual([]);
  });

  it('such a line unseen', () => {
    const bad = [
      "mkdirSync('/dev/shm/keyturn-4194303-0123abcd');",
      'const out = `/dev/shm/keyturn-${String(process.pid)}`;',
      'server.listen(7071);',
      "it.skip('one day', () => {});",
      "describe.skipIf(!here)('x', () => {});",
    ];
    expect(bad.filter((line) => !refusals.some(({ found }) => found(line)))).toEqual([]);
    const good = ["mkdtempSync('/dev/shm/keyturn-test-')", "server.listen(0, '127.0.0.1');", "HOME: '/tmp',"];
    expect(good.filter((line) => refusals.some(({ found }) => found(line)))).toEqual([]);
  });
});
