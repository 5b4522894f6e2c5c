import type { Attribution } from '../model/attribution.ts';
import type { Finding } from '../model/finding.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { contradictedRead } from './contradicted-read.ts';
import { deniedBurst } from './denied-burst.ts';
import { duplicateReceipt } from './duplicate-receipt.ts';
import type { EndOfPeriod, FindingContext, FindingRuleFactory } from './finding-rule.ts';
import { logGap } from './log-gap.ts';
import { oldVersionRead } from './old-version-read.ts';
import { orphanReceipt } from './orphan-receipt.ts';
import { readByPerson } from './read-by-person.ts';
import { readOutsideNamespace } from './read-outside-namespace.ts';
import { receiptsRefused } from './receipts-refused.ts';
import { rotationFailed } from './rotation-failed.ts';
import { rotationOverdue } from './rotation-overdue.ts';
import { rotationUnexplained } from './rotation-unexplained.ts';
import { secretNeverRead } from './secret-never-read.ts';
import { secretWithoutExpiry } from './secret-without-expiry.ts';
import { sensitiveOperation } from './sensitive-operation.ts';
import { stagingRead } from './staging-read.ts';
import { statusDisagrees } from './status-disagrees.ts';
import { tagMalformed } from './tag-malformed.ts';
import { tagWidened } from './tag-widened.ts';
import { unattributedRead } from './unattributed-read.ts';
import { unexplainedWrite } from './unexplained-write.ts';
import { unreadableRow } from './unreadable-row.ts';

const rules: readonly FindingRuleFactory[] = [
  contradictedRead,
  rotationUnexplained,
  stagingRead,
  readOutsideNamespace,
  oldVersionRead,
  duplicateReceipt,
  readByPerson,
  deniedBurst,
  unexplainedWrite,
  sensitiveOperation,
  rotationOverdue,
  rotationFailed,
  unattributedRead,
  orphanReceipt,
  receiptsRefused,
  logGap,
  unreadableRow,
  statusDisagrees,
  secretWithoutExpiry,
  tagMalformed,
  tagWidened,
  secretNeverRead,
];

const severities = ['high', 'medium', 'low', 'information'] as const satisfies readonly Finding['severity'][];

/** Runs all rules over one period: shows them each event once, in order, then collects their findings, worst first. */
export function findExceptions(context: FindingContext): {
  see(retrieval: Retrieval, attribution: Attribution | null): void;
  findings(end: EndOfPeriod): readonly Finding[];
} {
  const observers = rules.map((rule) => rule(context));
  return {
    see(retrieval, attribution) {
      for (const observer of observers) observer.see?.(retrieval, attribution);
    },
    findings: (end) =>
      observers
        .flatMap((observer) => observer.findings(end))
        // The sort is stable, so within one severity the order of the rules remains.
        .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)),
  };
}
