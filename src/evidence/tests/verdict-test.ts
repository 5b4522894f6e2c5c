import type { Verdict } from '../../audit/criteria/verdict.ts';
import type { AuditedPeriod } from '../../audit/model/audited-period.ts';
import type { ObservedMaterial } from '../../audit/model/observation.ts';
import type { ControlTestFactory, TestTally } from './control-test.ts';

/** A test that counts what a criterion says at the end; the rule of each breach makes a finding of the same verdict. */
export function verdictTest(
  judge: (material: ObservedMaterial, audited: AuditedPeriod) => Iterable<Verdict>,
): ControlTestFactory {
  return (material, tally) => ({
    finish(audited) {
      for (const verdict of judge(material, audited)) tallyVerdict(tally, verdict);
    },
  });
}

/** Counts one verdict. */
export function tallyVerdict(tally: TestTally, verdict: Verdict): void {
  if (verdict.says === 'kept') tally.keep();
  else if (verdict.says === 'untested') tally.skip(verdict.why);
  else {
    const { event, at, subject, why } = verdict;
    tally.deviate({ event, at, subject, why });
  }
}
