import { excessesOf } from '../../posture/grant-days.ts';
import { isWithin } from '../../model/calendar.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted } from '../finding-tally.ts';
import { createStandingTally } from '../standing-tally.ts';

/**
 * Grants by which an identity could read what the policy does not open to it. A runner's grant on a whole vault, and grants
 * that reach pending values, have rules of their own.
 */
export const grantBeyondPolicy: FindingRuleFactory = ({ period, policyAt }) => {
  const tally = createStandingTally('grant-beyond-policy');
  return {
    look(posture) {
      const { at } = posture;
      if (!isWithin(period, at)) return;
      for (const vault of posture.vaults) {
        const excesses = excessesOf(posture, vault, policyAt);
        if (excesses === null) continue;
        const own = excesses.filter(({ excess }) => excess.rule === 'grant-beyond-policy');
        tally.look(
          vault.vault,
          at,
          own.map(({ day: { id, principalId, role, scope, reach }, assignment, excess }) => {
            const secret = scope.split('/').at(-1) ?? '';
            const subject = reach === 'secret' ? `${vault.vault}/${secret}` : vault.vault;
            return {
              subject,
              key: `${principalId} ${assignment}`,
              severity: 'medium',
              at,
              evidence: id,
              description: ({ count }) =>
                `${principalId} could read ${reach === 'secret' ? subject : `every secret of ${subject}`} (${role}) on ${counted(count, 'day')}, and ${excess.why}.`,
            };
          }),
        );
      }
    },
    findings: () => tally.findings(),
  };
};
