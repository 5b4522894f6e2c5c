import { effectiveReaders } from '../../audit/posture/effective-readers.ts';
import { postureAt } from '../../audit/posture/posture-ledger.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { AuditedSpan, ListedVersion, SecretDetail } from '../../web/portal-ports.ts';
import { describePolicy } from './describe-policy.ts';
import { type KnownSecret, type SecretFacts, upcomingOf } from './known-secrets.ts';

/** Everything that is known of one secret but its reads, from records alone. */
export async function secretDetail(
  records: RecordStore,
  found: KnownSecret,
  facts: SecretFacts,
): Promise<SecretDetail> {
  const { vault, secret } = found.listed;
  return {
    secret: found.listed,
    policy: describePolicy(facts.policy, vault, secret),
    upcoming: upcomingOf(found, facts),
    versions: versionsOf(found, facts.audited),
    rotations: found.rotations,
    possibleReaders: await possibleReadersOf(records, found, facts),
  };
}

async function possibleReadersOf(
  records: RecordStore,
  { listed: { vault, secret } }: KnownSecret,
  { policy, now }: SecretFacts,
): Promise<SecretDetail['possibleReaders']> {
  const posture = await postureAt(records, now);
  if (posture === null) return null;
  const readers = effectiveReaders(posture, { vault, secret }, new Date(posture.at));
  if (readers.outcome === 'not-seen') return null;
  return {
    at: posture.at,
    readers: readers.value.map(({ principalId, verdict, grants }) => ({
      principalId,
      knownAs: policy.identities.get(principalId)?.role ?? null,
      verdict,
      grants: grants.map(({ role, reach, group }) => ({ role, reach, group })),
    })),
  };
}

/** The versions that journals, inventory and log know, newest first: a page does not ask the vault. */
function versionsOf(
  { inventoried, rotations, listed }: KnownSecret,
  audited: Pick<AuditedSpan, 'reads'> | null,
): readonly ListedVersion[] {
  const versions = new Map<string, ListedVersion>();
  if (inventoried !== null) {
    const { version, created, enabled } = inventoried;
    const standing = enabled ? 'the newest, in force' : 'the newest, disabled';
    versions.set(version, { version, publishedAt: created, rotationId: null, standing });
  }
  for (const { publishedVersion, publishedAt, rotationId, fromVersion, oldValue } of rotations) {
    if (publishedVersion !== null) {
      const known = versions.get(publishedVersion);
      const standing = known?.standing ?? 'replaced';
      versions.set(publishedVersion, { version: publishedVersion, publishedAt, rotationId, standing });
    }
    const before = versions.get(fromVersion);
    if (before === undefined || before.standing === 'replaced') {
      const standing = `replaced, ${oldValue.replaceAll('-', ' ')}`;
      versions.set(fromVersion, {
        ...(before ?? { version: fromVersion, publishedAt: null, rotationId: null }),
        standing,
      });
    }
  }
  for (const { vault, secret, version } of audited?.reads ?? []) {
    if (version === null || versions.has(version) || vault !== listed.vault || secret !== listed.secret) continue;
    versions.set(version, {
      version,
      publishedAt: null,
      rotationId: null,
      standing: 'an earlier one, known from the log',
    });
  }
  return [...versions.values()];
}
