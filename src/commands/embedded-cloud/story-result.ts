import type { PackSummary } from '../../evidence/pack/pack-archive.ts';
import { readRotationHistories } from '../../rotation/history/read-rotation-histories.ts';
import type { RotationState } from '../../rotation/ports/rotation-steps.ts';
import type { Composition } from '../../composition/composition.ts';

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

/** What each state that waits for a person asks of that person. */
const asks: Partial<Record<RotationState, string>> = {
  'needs-attention': 'stopped and needs a person: read why, and request it again',
  'awaiting-approval': 'waits for a second person, who approves it or lets it lapse',
  'awaiting-go': 'waits for a go, because it is the first of its secret',
};

/** What waits for a person after a run of `start`, one sentence each, and where that person goes on. */
export async function whatNeedsAPerson({ records }: Composition, portal: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { vault, secret, state } of readRotationHistories(records)) {
    const ask = asks[state];
    if (ask !== undefined) lines.push(`  The rotation of ${vault}/${secret} ${ask}.`);
  }
  if (lines.length === 0) return [];
  const [is, word] = lines.length === 1 ? ['is', 'rotation'] : ['are', 'rotations'];
  return [`There ${is} ${String(lines.length)} ${word} for a person: ${portal}/rotations`, ...lines];
}
