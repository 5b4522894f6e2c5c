import { wantedApproval } from './approval.ts';
import { rotationOf } from './rotation.ts';
import { attemptIdOf } from './rotation-id.ts';
import { readJournal, rotationIds } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';

/** One secret of one rotation, for whoever watches or approves. */
export interface RotationListing {
  /** `<rotationId>.<attempt>`. */
  readonly rotationId: string;
  readonly vault: string;
  readonly secret: string;
  readonly state: string;
  readonly claimedAt: string;
  readonly publishedAt: string | null;
  readonly oldValue: string;
  readonly failure: string | null;
  /** The step that waits for a second person, if one does. */
  readonly awaits: 'publish' | 'revoke' | null;
  /** Why it waits: codes, names, times. */
  readonly reasons: readonly string[];
}

/** Every rotation that the journal knows, newest claim first. @throws ServiceError `RECORD_…` when it cannot be read. */
export async function listRotations({ records }: Pick<RotationTools, 'records'>): Promise<readonly RotationListing[]> {
  const listed: RotationListing[] = [];
  for await (const id of rotationIds(records)) {
    const rotation = rotationOf(id, await readJournal(records, id));
    for (const { vault, secret } of rotation.claim.members) {
      listed.push({
        rotationId: attemptIdOf(id, rotation.attempt),
        vault,
        secret,
        state: rotation.state,
        claimedAt: rotation.claimedAt.toISOString(),
        publishedAt: rotation.publishedAt?.toISOString() ?? null,
        oldValue: rotation.oldValue ?? (rotation.publishedAt === null ? 'in-force' : 'in-grace'),
        failure: rotation.failure,
        awaits: wantedApproval(rotation),
        reasons: rotation.reasons,
      });
    }
  }
  return listed.sort((a, b) => (a.claimedAt < b.claimedAt ? 1 : -1));
}
