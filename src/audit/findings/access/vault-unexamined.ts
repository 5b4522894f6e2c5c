import { isWithin } from '../../model/calendar.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Vaults of the same subscription that no setting of Keyturn names: nobody examines who reads there. */
export const vaultUnexamined: FindingRuleFactory = ({ period }) => {
  const tally = createFindingTally('vault-unexamined');
  return {
    look({ at, vaults, subscriptions }) {
      if (!isWithin(period, at)) return;
      const known = new Set(vaults.map(({ resourceId }) => resourceId));
      for (const { vaults: all } of subscriptions) {
        for (const id of all.outcome === 'seen' ? all.value : []) {
          if (known.has(id)) continue;
          const name = id.split('/').at(-1) ?? id;
          tally.add({
            subject: name,
            key: id,
            severity: 'information',
            at,
            evidence: `${id} ${at}`,
            description: () => `The vault ${name} lies in a subscription of this report, and nobody examines it.`,
          });
        }
      }
    },
    findings: () => tally.findings(),
  };
};
