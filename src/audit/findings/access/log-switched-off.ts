import { isWithin } from '../../model/calendar.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

const deletion = 'microsoft.insights/diagnosticsettings/delete';

/** Vaults whose audit log went nowhere, or whose diagnostic setting was deleted: reads of that time may be in no log. */
export const logSwitchedOff: FindingRuleFactory = ({ period }) => {
  const tally = createFindingTally('log-switched-off');
  return {
    look({ at, vaults, subscriptions }) {
      for (const { vault, diagnosticSettings } of vaults) {
        if (!isWithin(period, at) || diagnosticSettings.outcome !== 'seen') continue;
        if (diagnosticSettings.value.some(({ audits }) => audits)) continue;
        tally.add({
          subject: vault,
          severity: 'high',
          at,
          evidence: `look ${at}`,
          description: ({ count }) =>
            `No diagnostic setting sent the audit log of ${vault} anywhere, as ${counted(count, 'look')} showed. What was done in that time may be in no log.`,
        });
      }
      for (const { changes } of subscriptions) {
        for (const change of changes.outcome === 'seen' ? changes.value : []) {
          const vault = vaults.find(
            ({ resourceId }) => resourceId !== null && change.resourceId.startsWith(resourceId),
          );
          const isInside = isWithin(period, change.at);
          if (change.operation !== deletion || vault === undefined || !isInside) continue;
          const name = change.resourceId.split('/').at(-1) ?? '';
          tally.add({
            subject: vault.vault,
            // Several looks list one deletion.
            key: `${change.resourceId} ${change.at}`,
            severity: 'high',
            at: change.at,
            evidence: `${change.operation} ${change.at}`,
            description: () =>
              `The diagnostic setting ${name} of ${vault.vault} was deleted on ${change.at}${change.caller === null ? '' : ` by ${change.caller}`}.`,
          });
        }
      }
    },
    findings: () => tally.findings(),
  };
};
