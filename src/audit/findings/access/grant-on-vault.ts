import { readersOf } from '../../posture/readers-of.ts';
import { type FindingRuleFactory, isWithin } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Runners that could read every secret of a vault: a job then reaches what its repository has nothing to do with. */
export const grantOnVault: FindingRuleFactory = ({ period, policyAt }) => {
  const tally = createFindingTally('grant-on-vault');
  return {
    look(posture) {
      if (!isWithin(period, posture.at)) return;
      const { identities } = policyAt(posture.at);
      for (const { vault } of posture.vaults) {
        for (const { principalId, verdict, grants } of readersOf(posture, vault, null)) {
          if (verdict !== 'may-read' || identities.get(principalId)?.role !== 'runner') continue;
          const [grant] = grants;
          tally.add({
            subject: vault,
            key: principalId,
            severity: 'medium',
            at: posture.at,
            evidence: `${principalId} ${grant?.id ?? ''} ${posture.at}`,
            description: ({ count }) =>
              `The runner identity ${principalId} could read every secret of ${vault} (${grant?.role ?? 'access policy'} on ${grant?.scope ?? vault}), as ${counted(count, 'look')} showed. Grant it single secrets: keyturn access plan lists them.`,
          });
        }
      }
    },
    findings: () => tally.findings(),
  };
};
