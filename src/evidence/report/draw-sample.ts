import { createHash } from 'node:crypto';

/** Rows of a sample that an auditor draws when nothing else is asked for. */
const usualSize = 25;

/**
 * A sample by a seed that the auditor chose: the rows whose digest of seed, colon and row id is lowest, lowest first.
 * Nobody who did not know the seed when the rows were sealed could have steered it.
 */
export function drawSample(ids: Iterable<string>, seed: string, size = usualSize): readonly string[] {
  return [...ids]
    .map((id) => ({ id, rank: createHash('sha256').update(`${seed}:${id}`).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, size)
    .map(({ id }) => id);
}

/** The same with Python alone: an auditor need not trust our code to draw. */
export function sampleCommand(paths: readonly string[]): string {
  const parts = paths.filter((path) => /^retrievals(-\d+)?\.ndjson$/.test(path));
  return [
    'SEED="words of your own"',
    `cat ${parts.length > 1 ? 'retrievals-*.ndjson' : 'retrievals.ndjson'} | python3 -c '`,
    'import hashlib, json, sys',
    'rank = lambda row: hashlib.sha256((sys.argv[1] + ":" + row).encode()).hexdigest()',
    'ids = (json.loads(line)["id"] for line in sys.stdin)',
    `for row in sorted(ids, key=rank)[:${String(usualSize)}]: print(row)' "$SEED"`,
  ].join('\n');
}
