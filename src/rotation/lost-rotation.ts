import { ServiceError } from '../service-error.ts';
import type { ClaimedMember, RotationClaim } from './journal-entry.ts';
import { parseAttemptId, rotationIdOf } from './rotation-id.ts';
import { hasJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import type { RotationUnit } from './rotation-unit.ts';
import type { SecretVersion } from './secret-store.ts';
import { storeOf } from './vault-access.ts';

/**
 * The rotation that the newest version's tags speak of, when the journal does not know it. Its id must be the one that follows
 * from the version it says it came from: a tag that was copied or made up proves nothing and is passed over.
 */
export async function lostRotation(
  tools: RotationTools,
  unit: RotationUnit,
  newest: readonly SecretVersion[],
): Promise<{ rotationId: string; members: RotationClaim['members'] } | null> {
  const [first] = newest;
  const rotatedFrom = first?.tags['rotated-from'];
  const tag = parseAttemptId(first?.tags['rotation-id']);
  if (tag === null || rotatedFrom === undefined || (await exists(tools, tag.rotationId))) return null;
  if (idAwayFrom(tools, unit, rotatedFrom) !== tag.rotationId) return null;
  const before: ClaimedMember[] = [];
  for (const [index, { vault, name }] of unit.members.entries()) {
    const fromVersion = newest[index]?.tags['rotated-from'] ?? '';
    const old = (await storeOf(tools, vault).versions(name)).find(({ version }) => version === fromVersion);
    const fromCredentialId = old?.tags['CredentialId'] ?? null;
    before.push({
      vault,
      secret: name,
      fromVersion,
      fromCredentialId,
      knownFrom: fromCredentialId === null ? 'nowhere' : 'tag',
    });
  }
  return { rotationId: tag.rotationId, members: before as unknown as RotationClaim['members'] };
}

/** The id of the rotation away from a version of the unit's first member. */
export function idAwayFrom(
  tools: RotationTools,
  { members: [{ vault, name }] }: RotationUnit,
  version: string,
): string {
  const vaultUrl = tools.vaults.find((one) => one.name === vault)?.url;
  if (vaultUrl === undefined)
    throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'The settings do not name this vault.' });
  return rotationIdOf({ vaultUrl, name, version });
}

export async function exists(tools: RotationTools, rotationId: string): Promise<boolean> {
  return await hasJournal(tools.records, rotationId);
}
