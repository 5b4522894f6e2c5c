import { effectiveReaders } from '../../posture/effective-readers.ts';
import { isWithin } from '../../model/calendar.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, type TalliedEvent } from '../finding-tally.ts';
import { createStandingTally } from '../standing-tally.ts';

/** Runners that could read every secret of a vault: a job then reaches what its repository has nothing to do with. */
export const grantOnVault: FindingRuleFactory = ({ period, policyAt }) => {
  const tally = createStandingTally('grant-on-vault');
  return {
    look(posture) {
      if (!isWithin(period, posture.at)) return;
      const { identities } = policyAt(posture.at);
      for (const { vault } of posture.vaults) {
        const readers = effectiveReaders(posture, { vault, secret: null }, new Date(posture.at));
        if (readers.outcome === 'not-seen') continue;
        const faults = readers.value.flatMap(({ principalId, verdict, grants: [grant] }): readonly TalliedEvent[] => {
          if (verdict !== 'may-read' || identities.get(principalId)?.role !== 'runner') return [];
          const description: TalliedEvent['description'] = ({ count }) =>
            `The runner identity ${principalId} could read every secret of ${vault} (${grant?.role ?? 'access policy'} on ${grant?.scope ?? vault}), as ${counted(count, 'look')} showed. Grant it single secrets: keyturn access plan lists them.`;
          const evidence = `${principalId} ${grant?.id ?? ''} ${posture.at}`;
          return [{ subject: vault, key: principalId, severity: 'medium', at: posture.at, evidence, description }];
        });
        tally.look(vault, posture.at, faults);
      }
    },
    findings: () => tally.findings(),
  };
};
