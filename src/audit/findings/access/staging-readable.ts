import { effectiveReaders } from '../../posture/effective-readers.ts';
import { isWithin } from '../../model/calendar.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, type TalliedEvent } from '../finding-tally.ts';
import { createStandingTally } from '../standing-tally.ts';

/** Identities other than the rotator that could read a pending value. Staging names are not known before, so only grants on the vault reach them. */
export const stagingReadable: FindingRuleFactory = ({ period, policyAt }) => {
  const tally = createStandingTally('staging-readable');
  return {
    look(posture) {
      if (!isWithin(period, posture.at)) return;
      const { identities } = policyAt(posture.at);
      for (const { vault } of posture.vaults.filter(({ staging }) => staging)) {
        const readers = effectiveReaders(posture, { vault, secret: null }, new Date(posture.at));
        if (readers.outcome === 'not-seen') continue;
        const faults = readers.value.flatMap(({ principalId, verdict, grants }): readonly TalliedEvent[] => {
          const role = identities.get(principalId)?.role ?? 'unknown';
          if (verdict !== 'may-read' || role === 'rotator' || role === 'platform') return [];
          const who =
            role === 'unknown' ? `${principalId}, which the policy does not know,` : `${principalId} (${role})`;
          const description: TalliedEvent['description'] = ({ count }) =>
            `${who} could read the values that wait in ${vault} before they are published, as ${counted(count, 'look')} showed; only the rotator may.`;
          const evidence = `${principalId} ${grants[0]?.id ?? ''} ${posture.at}`;
          return [{ subject: vault, key: principalId, severity: 'high', at: posture.at, evidence, description }];
        });
        tally.look(vault, posture.at, faults);
      }
    },
    findings: () => tally.findings(),
  };
};
