import { ServiceError } from '../service-error.ts';
import type { SecretBinding } from '../secrets/policy.ts';
import type { ClaimedMember, RotationClaim } from './journal-entry.ts';
import { parseAttemptId, rotationIdOf } from './rotation-id.ts';
import { hasJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import type { RotationUnit } from './rotation-unit.ts';
import type { SecretVersion } from './ports/secret-store.ts';
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
  const tag = parseAttemptId(newest[0]?.tags['rotation-id']);
  if (tag === null || (await exists(tools, tag.rotationId))) return null;
  const isTrue = unit.members.some((member, index) => {
    const rotatedFrom = newest[index]?.tags['rotated-from'];
    return rotatedFrom !== undefined && idAwayFrom(tools, member, rotatedFrom) === tag.rotationId;
  });
  if (!isTrue) return null;
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

/**
 * The id of the rotation away from the versions that stand: it follows from the youngest, of equally old ones from the first
 * member's. Whichever member somebody sets, the next rotation is another one.
 */
export function idAwayFromNewest(tools: RotationTools, unit: RotationUnit, newest: readonly SecretVersion[]): string {
  let youngest = 0;
  for (const [index, { created }] of newest.entries()) {
    if (created > (newest[youngest]?.created ?? created)) youngest = index;
  }
  return idAwayFrom(tools, unit.members[youngest] ?? unit.members[0], newest[youngest]?.version ?? '');
}

/** The id of the rotation away from one version of one member. */
export function idAwayFrom(
  tools: RotationTools,
  { vault, name }: Pick<SecretBinding, 'vault' | 'name'>,
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
