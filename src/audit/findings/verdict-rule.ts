import type { Breach, Verdict } from '../criteria/verdict.ts';
import type { Finding, FindingRule } from '../model/finding.ts';
import type { EndOfPeriod, FindingContext, FindingRuleFactory } from './finding-rule.ts';
import { createFindingTally } from './finding-tally.ts';

interface VerdictRule {
  readonly rule: FindingRule;
  readonly severity: Finding['severity'];
  /** The verdicts of the criterion, in order. */
  readonly judge: (context: FindingContext, end: EndOfPeriod) => Iterable<Verdict>;
  /**
   * `event`: each is a finding of its own. `subject`: all of one subject are one finding. `state`: the same, and it ends with
   * the first verdict that the subject kept the criterion.
   */
  readonly each: 'event' | 'subject' | 'state';
  /** What the finding is about, if not the subject of the verdict. */
  readonly subjectOf?: (breach: Breach) => string;
  readonly describe: (
    breach: Breach,
    tally: { readonly count: number | string; readonly firstAt: string; readonly subject: string },
  ) => string;
}

/** The rule that makes findings of what a criterion holds to be broken, so that each deviation of its test has a life. */
export function createVerdictRule(told: VerdictRule): FindingRuleFactory {
  const { rule, severity, judge, each, describe, subjectOf = (breach) => breach.subject } = told;
  return (context) => ({
    findings(end) {
      const tally = createFindingTally(rule);
      for (const verdict of judge(context, end)) {
        if (verdict.says === 'kept' && each === 'state')
          tally.end(verdict.subject, '', { at: verdict.at, by: `the look of ${verdict.at}` });
        if (verdict.says !== 'broken' || verdict.rule !== rule) continue;
        const { event, at, ended } = verdict;
        const subject = subjectOf(verdict);
        const key = each === 'event' ? `${event} ${at}` : '';
        const description = (counted: { readonly count: number | string; readonly firstAt: string }) =>
          describe(verdict, { ...counted, subject });
        tally.add({ subject, key, severity, at, evidence: event, description });
        if (ended != null) tally.end(subject, key, ended);
      }
      return tally.findings();
    },
  });
}
