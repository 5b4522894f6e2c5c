import { dayMs } from '../../../secrets/duration.ts';
import type { AccessChange, Posture } from '../../model/posture.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

const written = 'microsoft.authorization/roleassignments/write';
const deleted = 'microsoft.authorization/roleassignments/delete';

/**
 * Grants that appeared and vanished within a day: long enough to read, too short to be reviewed. Role assignments are in
 * the activity log; access policies show only in the looks before, between and after.
 */
export const grantBrief: FindingRuleFactory = ({ period }) => {
  const tally = createFindingTally('grant-brief');
  const began = new Map<string, AccessChange>();
  let before: Posture | null = null;
  let between: Posture | null = null;

  function seeChange(change: AccessChange): void {
    const { operation, resourceId, at, caller } = change;
    if (operation === written) began.set(resourceId, change);
    const from = began.get(resourceId);
    if (operation !== deleted || from === undefined || Date.parse(at) - Date.parse(from.at) > dayMs) return;
    if (Date.parse(at) < period.from.getTime() || Date.parse(from.at) >= period.to.getTime()) return;
    const by = [...new Set([from.caller, caller])].filter((one) => one !== null).join(' and ');
    const id = resourceId.split('/').at(-1) ?? '';
    tally.add({
      subject: resourceId.replace(/\/providers\/microsoft\.authorization\/.*$/, ''),
      key: resourceId,
      severity: 'medium',
      at: from.at,
      evidence: resourceId,
      description: () =>
        `The role assignment ${id} began on ${from.at} and ended on ${at}${by === '' ? '' : `, by ${by}`}. Look for reads that it allowed: their rows name it.`,
    });
  }

  function seePolicies(after: Posture): void {
    if (before !== null && between !== null && Date.parse(after.at) - Date.parse(before.at) <= dayMs) {
      const [earlier, later] = [policiesOf(before), policiesOf(after)];
      for (const [key, { vault, objectId }] of policiesOf(between)) {
        if (earlier.has(key) || later.has(key)) continue;
        const { at } = between;
        tally.add({
          subject: vault,
          key,
          severity: 'medium',
          at,
          evidence: `${key} ${at}`,
          description: () => `An access policy let ${objectId} read secrets of ${vault} on ${at}, for less than a day.`,
        });
      }
    }
    [before, between] = [between, after];
  }

  return {
    look(posture) {
      for (const { changes } of posture.subscriptions) {
        for (const change of changes.outcome === 'seen' ? changes.value : []) seeChange(change);
      }
      // A look that did not see every vault's policies says nothing of what was there.
      if (posture.vaults.every(({ setup }) => setup.outcome === 'seen')) seePolicies(posture);
      else [before, between] = [null, null];
    },
    findings: () => tally.findings(),
  };
};

function policiesOf({ vaults }: Posture): ReadonlyMap<string, { readonly vault: string; readonly objectId: string }> {
  const policies = new Map<string, { vault: string; objectId: string }>();
  for (const { vault, setup } of vaults) {
    if (setup.outcome !== 'seen' || setup.value.usesRoles) continue;
    for (const { objectId, secrets } of setup.value.accessPolicies) {
      if (secrets.includes('get') || secrets.includes('all')) policies.set(`${vault} ${objectId}`, { vault, objectId });
    }
  }
  return policies;
}
