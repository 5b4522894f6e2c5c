import type { CredentialIssuer } from './ports/credential-issuer.ts';
import { type Rotation, hasEnded, rotationOf } from './rotation.ts';
import { parseAttemptId } from './rotation-id.ts';
import { idAwayFrom } from './lost-rotation.ts';
import { readJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import type { RotationUnit } from './rotation-unit.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { stagingPlace } from './staging.ts';
import { storeOf } from './vault-access.ts';

/** Something that a rotation left behind and that nobody needs. */
export interface Leftover {
  /** `staging`: a pending value still enabled. `orphan`: a credential of ours that no version holds. `duplicate`: see `adoptDuplicates`. */
  readonly kind: 'staging' | 'orphan' | 'duplicate';
  readonly vault: string;
  /** Name of the secret, or of the staging secret. */
  readonly secret: string;
  /** The version, or for an orphan the provider's id of the credential. */
  readonly id: string;
  /** `<rotationId>.<attempt>` that it carries. */
  readonly attemptId: string;
}

/**
 * Looks through a unit's staging secret, versions and provider for what rotations left behind. Changes nothing.
 * `open`: the unit's rotations that have not ended: what they still need is no leftover.
 */
export async function findLeftovers(
  tools: RotationTools,
  unit: RotationUnit,
  issuer: CredentialIssuer,
  open: readonly Rotation[],
): Promise<readonly Leftover[]> {
  const versions = new Map<string, readonly SecretVersion[]>();
  for (const { vault, name } of unit.members)
    versions.set(`${vault}/${name}`, await storeOf(tools, vault).versions(name));
  return [
    ...(await staged(tools, unit, issuer, open)),
    ...duplicates(unit, versions),
    ...(await orphans(tools, unit, issuer, open, versions)),
  ];
}

async function staged(
  tools: RotationTools,
  { members: [{ vault, name: secret }] }: RotationUnit,
  { credentialClass }: CredentialIssuer,
  open: readonly Rotation[],
): Promise<readonly Leftover[]> {
  if (credentialClass !== 'chosen' && credentialClass !== 'minted') return [];
  const place = stagingPlace(tools.staging.vault, { vault, secret });
  const versions = await storeOf(tools, place.vault).versions(place.name);
  return versions.flatMap(({ enabled, version, tags }) => {
    const tag = parseAttemptId(tags['rotation-id']);
    const needed = open.some(
      (one) =>
        one.stagingVersion === version ||
        (tag?.rotationId === one.rotationId && tag.attempt === one.attempt && one.stagingVersion === null),
    );
    if (!enabled || needed) return [];
    return [
      {
        kind: 'staging' as const,
        vault: place.vault,
        secret: place.name,
        id: version,
        attemptId: tags['rotation-id'] ?? '',
      },
    ];
  });
}

/** Enabled versions that carry the same rotation id as a newer enabled one. */
function duplicates(unit: RotationUnit, versions: ReadonlyMap<string, readonly SecretVersion[]>): readonly Leftover[] {
  return unit.members.flatMap(({ vault, name }) => {
    const seen = new Set<string>();
    return (versions.get(`${vault}/${name}`) ?? []).flatMap(({ enabled, version, tags }) => {
      const tag = parseAttemptId(tags['rotation-id']);
      if (!enabled || tag === null) return [];
      if (!seen.has(tag.rotationId)) {
        seen.add(tag.rotationId);
        return [];
      }
      return [{ kind: 'duplicate' as const, vault, secret: name, id: version, attemptId: tags['rotation-id'] ?? '' }];
    });
  });
}

/**
 * Credentials at the provider that are ours and in nobody's hands. Ours: named after a rotation away from a version that this
 * secret really had, which nobody can invent. In somebody's hands: needed by a rotation under way, or ever published. What was
 * published ends with the revocation that its successor waits for, and with nothing else: somebody may have set it again untagged.
 */
async function orphans(
  tools: RotationTools,
  unit: RotationUnit,
  issuer: CredentialIssuer,
  open: readonly Rotation[],
  versions: ReadonlyMap<string, readonly SecretVersion[]>,
): Promise<readonly Leftover[]> {
  if (issuer.credentialClass !== 'minted' || open.some(({ state }) => state === 'frozen')) return [];
  const [{ vault, name }] = unit.members;
  const ours = new Set(
    unit.members.flatMap((member) =>
      (versions.get(`${member.vault}/${member.name}`) ?? []).map(({ version }) => idAwayFrom(tools, member, version)),
    ),
  );
  const inHands = new Set([...versions.values()].flat().map(({ tags }) => tags['CredentialId']));
  for (const { claim } of open)
    for (const { fromCredentialId } of claim.members) inHands.add(fromCredentialId ?? undefined);
  const found: Leftover[] = [];
  for (const { credentialId, rotationId: attemptId } of await issuer.list(unit.members[0], tools.abortAfter(30_000))) {
    const tag = parseAttemptId(attemptId);
    if (tag === null || !ours.has(tag.rotationId) || inHands.has(credentialId)) continue;
    const rotation =
      open.find((one) => one.rotationId === tag.rotationId) ?? (await readRotation(tools, tag.rotationId));
    if (rotation !== null && isNeeded(rotation, tag.attempt, credentialId)) continue;
    found.push({ kind: 'orphan', vault, secret: name, id: credentialId, attemptId });
  }
  return found;
}

function isNeeded(rotation: Rotation, attempt: number, credentialId: string): boolean {
  if (hasEnded(rotation) || attempt < rotation.attempt) return false;
  if (rotation.credentialId === credentialId) return true;
  // Made by an act whose outcome is not recorded: the rotation itself finds and withdraws it.
  return rotation.credentialId === null && attempt === rotation.attempt;
}

async function readRotation(tools: RotationTools, rotationId: string): Promise<Rotation | null> {
  const entries = await readJournal(tools.records, rotationId);
  return entries.length === 0 ? null : rotationOf(rotationId, entries);
}
