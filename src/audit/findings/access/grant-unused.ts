import { dayMs } from '../../../secrets/duration.ts';
import type { Posture } from '../../model/posture.ts';
import { createReadsOnRecord } from '../../period/reads-on-record.ts';
import type { ReaderGrant } from '../../posture/effective-readers.ts';
import { readersOf } from '../../posture/readers-of.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** How long a grant may stay unused. */
export const unusedDays = 90;

/**
 * Identities that could read for ninety days and never did. Keyturn's own and the platform's are left out: they read when
 * something is due. Found only if ninety days of rows are on record.
 */
export const grantUnused: FindingRuleFactory = ({ policyAt, earlierReads }) => {
  const inPeriod = createReadsOnRecord();
  let first: string | null = null;
  let last: Posture | null = null;
  return {
    see(retrieval) {
      inPeriod.see(retrieval);
      return undefined;
    },
    take: () => inPeriod.all(),
    absorb(share: ReturnType<typeof inPeriod.all>) {
      for (const reads of share) inPeriod.add(reads);
    },
    look(posture) {
      first ??= posture.at;
      last = posture;
    },
    findings({ asOf, rowsSince, inventory }) {
      const tally = createFindingTally('grant-unused');
      const since = asOf - unusedDays * dayMs;
      if (last === null || rowsSince === null || rowsSince > since) return [];
      const { identities } = policyAt(last.at);
      for (const { vault } of last.vaults) {
        const secrets = inventory.filter((one) => one.vault === vault).map(({ secret }) => secret);
        for (const secret of [null, ...secrets]) {
          for (const { principalId, verdict, grants } of readersOf(last, vault, secret)) {
            const role = identities.get(principalId)?.role ?? 'unknown';
            const [grant] = grants;
            if (verdict !== 'may-read' || grant === undefined || (role !== 'runner' && role !== 'unknown')) continue;
            // A grant on the vault is one grant, whatever it reaches.
            if ((grant.reach === 'secret') !== (secret !== null)) continue;
            if (beganAt(last, grant, first) > since) continue;
            if ([inPeriod, earlierReads].some((reads) => reads.hasRead(principalId, vault, secret))) continue;
            const subject = secret === null ? vault : `${vault}/${secret}`;
            tally.add({
              subject,
              key: principalId,
              severity: 'low',
              at: new Date(since).toISOString(),
              evidence: `${principalId} ${grant.id}`,
              description: () =>
                `${principalId} could read ${secret === null ? `every secret of ${vault}` : subject} (${grant.role}) and read nothing of it in the ${String(unusedDays)} days to ${new Date(asOf).toISOString()}.`,
            });
          }
        }
      }
      return tally.findings();
    },
  };
};

/** When a grant began: a role assignment says it, an access policy is as old as the first look. */
function beganAt(posture: Posture, grant: ReaderGrant, firstLook: string | null): number {
  for (const { assignments } of posture.subscriptions) {
    const found = assignments.outcome === 'seen' ? assignments.value.find(({ id }) => id === grant.id) : undefined;
    if (found?.createdAt != null) return Date.parse(found.createdAt);
  }
  return firstLook === null ? Number.POSITIVE_INFINITY : Date.parse(firstLook);
}
