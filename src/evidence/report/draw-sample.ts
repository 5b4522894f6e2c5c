import { createHash } from 'node:crypto';

/** The default size of an auditor's sample. */
const usualSize = 25;

/**
 * Draws a sample with the auditor's seed: the rows whose digest of seed, colon and row id is lowest, lowest first.
 * Nobody who did not know the seed when the rows were sealed could influence it.
 */
export function drawSample(ids: Iterable<string>, seed: string, size = usualSize): readonly string[] {
  return [...ids]
    .map((id) => ({ id, rank: createHash('sha256').update(`${seed}:${id}`).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, size)
    .map(({ id }) => id);
}

/** The same with Python only, so that an auditor need not trust Keyturn's code. */
export function sampleCommand(paths: readonly string[]): string {
  const isInParts = paths.some((path) => /^retrievals-\d+\.ndjson\.gz$/.test(path));
  return [
    'SEED="words of your own"',
    `${isInParts ? 'gzip -dc retrievals-*.ndjson.gz' : 'cat retrievals.ndjson'} | python3 -c '`,
    'import hashlib, json, sys',
    'rank = lambda row: hashlib.sha256((sys.argv[1] + ":" + row).encode()).hexdigest()',
    'ids = (json.loads(line)["id"] for line in sys.stdin)',
    `for row in sorted(ids, key=rank)[:${String(usualSize)}]: print(row)' "$SEED"`,
  ].join('\n');
}
