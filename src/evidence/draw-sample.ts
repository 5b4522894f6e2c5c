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

/** The same in a shell, with nothing of ours in it: an auditor need not trust our code to draw. */
export function sampleCommand(paths: readonly string[]): string {
  const parts = paths.filter((path) => /^retrievals(-\d+)?\.ndjson$/.test(path));
  const files = parts.length > 1 ? 'retrievals-*.ndjson' : 'retrievals.ndjson';
  return [
    'SEED="words of your own"',
    `grep -ho '"id":"[0-9a-zA-Z]*"' ${files} | cut -d'"' -f4 | while read -r id; do`,
    `  printf '%s %s\\n' "$(printf '%s:%s' "$SEED" "$id" | sha256sum | cut -c1-64)" "$id"`,
    `done | sort | head -n ${String(usualSize)} | cut -d' ' -f2`,
  ].join('\n');
}
