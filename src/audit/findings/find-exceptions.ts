import type { Attribution } from '../model/attribution.ts';
import type { InventorySnapshot, Judgements } from '../model/audited-period.ts';
import { grantBrief } from './access/grant-brief.ts';
import { grantOnVault } from './access/grant-on-vault.ts';
import { grantUnused } from './access/grant-unused.ts';
import { logSwitchedOff } from './access/log-switched-off.ts';
import { rowsBelowMetric } from './access/rows-below-metric.ts';
import { stagingReadable } from './access/staging-readable.ts';
import { inOneLogOnly } from './events/in-one-log-only.ts';
import { vaultUnexamined } from './access/vault-unexamined.ts';
import type { Posture } from '../model/posture.ts';
import type { Finding, FindingRule } from '../model/finding.ts';
import type { Job } from '../model/job.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { claimedRead } from './events/claimed-read.ts';
import { brokerReadMissing } from './events/broker-read-missing.ts';
import { brokerUnexplained } from './events/broker-unexplained.ts';
import { secondBrokerKey } from './state/second-broker-key.ts';
import { unknownIdentityRead } from './events/unknown-identity-read.ts';
import { contradictedRead } from './events/contradicted-read.ts';
import { deniedBurst } from './events/denied-burst.ts';
import { duplicateReceipt } from './events/duplicate-receipt.ts';
import type { AuditedReceipt, EndOfPeriod, FindingContext, FindingRuleFactory, Judgement } from './finding-rule.ts';
import { breakGlassUsed } from './state/break-glass-used.ts';
import { clockOff } from './events/clock-off.ts';
import { expiredValueRead } from './events/expired-value-read.ts';
import { secretNotInventoried } from './events/secret-not-inventoried.ts';
import { unprovenApproval } from './state/unproven-approval.ts';
import { logGap } from './state/log-gap.ts';
import { oldVersionRead } from './events/old-version-read.ts';
import { orphanReceipt } from './events/orphan-receipt.ts';
import { readByPerson } from './events/read-by-person.ts';
import { readOutsideNamespace } from './events/read-outside-namespace.ts';
import { receiptsRefused } from './events/receipts-refused.ts';
import { rotationFailed } from './state/rotation-failed.ts';
import { rotationOverdue } from './state/rotation-overdue.ts';
import { rotationUnexplained } from './events/rotation-unexplained.ts';
import { secretNeverRead } from './state/secret-never-read.ts';
import { secretWithoutExpiry } from './state/secret-without-expiry.ts';
import { sensitiveOperation } from './events/sensitive-operation.ts';
import { stagingRead } from './events/staging-read.ts';
import { statusDisagrees } from './events/status-disagrees.ts';
import { tagMalformed } from './state/tag-malformed.ts';
import { tagWidened } from './state/tag-widened.ts';
import { unattributedRead } from './events/unattributed-read.ts';
import { unexplainedWrite } from './events/unexplained-write.ts';
import { oldValueAlive } from './state/old-value-alive.ts';
import { placeNotServed } from './state/place-not-served.ts';
import { approvalMissing } from './state/approval-missing.ts';
import { emergencyUnexplained } from './state/emergency-unexplained.ts';
import { brokerReadOutsidePolicy } from './state/broker-read-outside-policy.ts';
import { useOutsidePolicy } from './state/use-outside-policy.ts';
import { accessNotApproved } from './state/access-not-approved.ts';
import { jobUnconfirmed } from './state/job-unconfirmed.ts';
import { rowsBelowTotal } from './state/rows-below-total.ts';
import { sliceAltered } from './state/slice-altered.ts';
import { policyWidened } from './state/policy-widened.ts';
import { grantBeyondPolicy } from './access/grant-beyond-policy.ts';
import { setupChanged } from './access/setup-changed.ts';
import { vaultUnshielded } from './access/vault-unshielded.ts';
import { deletionIrrecoverable } from './access/deletion-irrecoverable.ts';
import { logNotKept } from './access/log-not-kept.ts';
import { refusedOutside } from './events/refused-outside.ts';
import { unreadableRow } from './state/unreadable-row.ts';

const rules: ReadonlyMap<FindingRule, FindingRuleFactory> = new Map<FindingRule, FindingRuleFactory>([
  ['contradicted-read', contradictedRead],
  ['unknown-identity-read', unknownIdentityRead],
  ['rotation-unexplained', rotationUnexplained],
  ['broker-unexplained', brokerUnexplained],
  ['second-broker-key', secondBrokerKey],
  ['broker-read-missing', brokerReadMissing],
  ['staging-read', stagingRead],
  ['read-outside-namespace', readOutsideNamespace],
  ['old-version-read', oldVersionRead],
  ['expired-value-read', expiredValueRead],
  ['duplicate-receipt', duplicateReceipt],
  ['slice-altered', sliceAltered],
  ['broker-read-outside-policy', brokerReadOutsidePolicy],
  ['use-outside-policy', useOutsidePolicy],
  ['access-not-approved', accessNotApproved],
  ['approval-missing', approvalMissing],
  ['refused-outside', refusedOutside],
  ['read-by-person', readByPerson],
  ['denied-burst', deniedBurst],
  ['unexplained-write', unexplainedWrite],
  ['sensitive-operation', sensitiveOperation],
  ['break-glass-used', breakGlassUsed],
  ['unproven-approval', unprovenApproval],
  ['rotation-overdue', rotationOverdue],
  ['rotation-failed', rotationFailed],
  ['claimed-read', claimedRead],
  ['unattributed-read', unattributedRead],
  ['orphan-receipt', orphanReceipt],
  ['receipts-refused', receiptsRefused],
  ['clock-off', clockOff],
  ['log-gap', logGap],
  ['unreadable-row', unreadableRow],
  ['status-disagrees', statusDisagrees],
  ['secret-not-inventoried', secretNotInventoried],
  ['secret-without-expiry', secretWithoutExpiry],
  ['tag-malformed', tagMalformed],
  ['tag-widened', tagWidened],
  ['secret-never-read', secretNeverRead],
  ['staging-readable', stagingReadable],
  ['log-switched-off', logSwitchedOff],
  ['grant-brief', grantBrief],
  ['grant-on-vault', grantOnVault],
  ['grant-unused', grantUnused],
  ['rows-below-metric', rowsBelowMetric],
  ['vault-unexamined', vaultUnexamined],
  ['in-one-log-only', inOneLogOnly],
  ['old-value-alive', oldValueAlive],
  ['place-not-served', placeNotServed],
  ['emergency-unexplained', emergencyUnexplained],
  ['job-unconfirmed', jobUnconfirmed],
  ['rows-below-total', rowsBelowTotal],
  ['policy-widened', policyWidened],
  ['grant-beyond-policy', grantBeyondPolicy],
  ['setup-changed', setupChanged],
  ['vault-unshielded', vaultUnshielded],
  ['deletion-irrecoverable', deletionIrrecoverable],
  ['log-not-kept', logNotKept],
]);

/** What the rules saw of a share of a period, by their names. */
export type RuleShares = ReadonlyMap<FindingRule, unknown>;

/**
 * Rows come by the million, and what all rules say of one is nearly always what they said of another. A key is a number
 * with a digit of base 3 for each rule, which is exact for `mostNames` rules.
 */
function rememberJudgements(names: readonly FindingRule[]): (said: readonly Judgement[]) => Judgements {
  if (names.length > mostNames) throw new RangeError(`more than ${String(mostNames)} rules judge reads`);
  const known = new Map<number, Judgements>();
  return (said) => {
    let key = 0;
    for (const judgement of said) key = 3 * key + (judgement === undefined ? 0 : digits[judgement]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const judgements = new Map(
      names.flatMap((rule, index) => {
        const judgement = said[index];
        return judgement === undefined ? [] : [[rule, judgement] as const];
      }),
    );
    if (known.size >= mostRemembered) known.clear();
    known.set(key, judgements);
    return judgements;
  };
}

const digits = { kept: 1, broken: 2 } as const;
const mostNames = 33;
const mostRemembered = 1_000;

const severities = ['high', 'medium', 'low', 'information'] as const satisfies readonly Finding['severity'][];

/**
 * Runs all rules over one period: shows them each event once, in order, then collects their findings, worst first. A row
 * with an unaided grade is shown with both grades, and a rule that either of them breaks is broken.
 */
export function findExceptions(context: FindingContext): {
  see(retrieval: Retrieval, attribution: Attribution | null): Judgements;
  /** Shows one inventory. Returns what the rules say of each secret of it, in its order. */
  seeInventory(snapshot: InventorySnapshot): readonly Judgements[];
  /** Shows a look of the ninety days before the period, before all others. */
  lookEarlier(posture: Posture): void;
  look(posture: Posture): void;
  /** Shows one job of the period. */
  job(job: Job): void;
  receipt(receipt: AuditedReceipt): void;
  /** What the rules saw of rows and receipts. */
  take(): RuleShares;
  /** Adds what the same rules saw of a later share of the period. */
  absorb(shares: RuleShares): void;
  findings(end: EndOfPeriod): readonly Finding[];
} {
  const observers = [...rules].map(([rule, create]) => ({ rule, observer: create(context) }));
  const seeing = observers.filter(({ observer }) => observer.see !== undefined);
  const latest = seeing.map((): Judgement => undefined);
  const judgementsOf = rememberJudgements(seeing.map(({ rule }) => rule));
  const show = (retrieval: Retrieval, shown: Attribution | null): void => {
    for (let index = 0; index < seeing.length; index += 1) {
      const judgement = seeing[index]?.observer.see?.(retrieval, shown);
      if (judgement !== undefined && latest[index] !== 'broken') latest[index] = judgement;
    }
  };
  return {
    see(retrieval, attribution) {
      latest.fill(undefined);
      show(retrieval, attribution);
      if (attribution?.unaided !== undefined)
        show(retrieval, { ...attribution, ...attribution.unaided, candidates: [] });
      return judgementsOf(latest);
    },
    seeInventory(snapshot) {
      const said = observers.flatMap(({ rule, observer }) => {
        const judged = observer.seeInventory?.(snapshot);
        return judged === undefined ? [] : [{ rule, judged }];
      });
      return snapshot.entries.map(({ vault, secret }) => {
        const subject = `${vault}/${secret}`;
        return new Map(
          said.flatMap(({ rule, judged }) => {
            const judgement = judged.get(subject);
            return judgement === undefined ? [] : [[rule, judgement] as const];
          }),
        );
      });
    },
    lookEarlier(posture) {
      for (const { observer } of observers) observer.lookEarlier?.(posture);
    },
    look(posture) {
      for (const { observer } of observers) observer.look?.(posture);
    },
    job(job) {
      for (const { observer } of observers) observer.job?.(job);
    },
    receipt(receipt) {
      for (const { observer } of observers) observer.receipt?.(receipt);
    },
    take: () =>
      new Map(
        observers.flatMap(({ rule, observer }) =>
          observer.take === undefined ? [] : [[rule, observer.take()] as const],
        ),
      ),
    absorb(shares) {
      for (const { rule, observer } of observers) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rule of the same name took it
        if (shares.has(rule)) observer.absorb?.(shares.get(rule) as never);
      }
    },
    findings: (end) => worstFirst(observers.flatMap(({ observer }) => observer.findings(end))),
  };
}

/** The sort is stable, so within one severity the order of the rules remains. */
function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
