import { readersOf } from '../../posture/readers-of.ts';
import { type FindingRuleFactory, isWithin } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Identities other than the rotator that could read a pending value. Staging names are not known before, so only grants on the vault reach them. */
export const stagingReadable: FindingRuleFactory = ({ period, policyAt }) => {
  const tally = createFindingTally('staging-readable');
  return {
    look(posture) {
      if (!isWithin(period, posture.at)) return;
      const { identities } = policyAt(posture.at);
      for (const { vault } of posture.vaults.filter(({ staging }) => staging)) {
        for (const { principalId, verdict, grants } of readersOf(posture, vault, null)) {
          const role = identities.get(principalId)?.role ?? 'unknown';
          if (verdict !== 'may-read' || role === 'rotator' || role === 'platform') continue;
          const who =
            role === 'unknown' ? `${principalId}, which the policy does not know,` : `${principalId} (${role})`;
          tally.add({
            subject: vault,
            key: principalId,
            severity: 'high',
            at: posture.at,
            evidence: `${principalId} ${grants[0]?.id ?? ''} ${posture.at}`,
            description: ({ count }) =>
              `${who} could read the values that wait in ${vault} before they are published, as ${counted(count, 'look')} showed; only the rotator may.`,
          });
        }
      }
    },
    findings: () => tally.findings(),
  };
};
