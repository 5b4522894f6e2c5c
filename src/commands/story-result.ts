import type { PackSummary } from '../evidence/pack/pack-archive.ts';
import { readRotationHistories } from '../rotation/history/read-rotation-histories.ts';
import type { Composition } from '../composition/composition.ts';

/** What happened in a run of `start`, in counts: its last line with `--json`. */
export async function storyResult({ records }: Composition, pack: PackSummary) {
  const states: Record<string, number> = {};
  let published = 0;
  for await (const { state, publishedVersion } of readRotationHistories(records)) {
    states[state] = (states[state] ?? 0) + 1;
    if (publishedVersion !== null) published += 1;
  }
  return {
    rotations: { published, states },
    retrievals: { total: pack.reads.total, grades: pack.reads.grades },
    findings: pack.findings,
  };
}
