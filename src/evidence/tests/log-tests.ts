import { judgeJob, judgePolicyChanges, judgeSlices, judgeTotals } from '../../audit/criteria/evidence-criteria.ts';
import type { FindingLife } from '../../audit/model/finding-life.ts';
import type { ReaderVerdict } from '../../audit/model/posture.ts';
import type { ControlTestFactory } from './control-test.ts';
import { tallyVerdict, verdictTest } from './verdict-test.ts';

/** A receipt and the row of its read may differ by this much before the join holds them to contradict each other. */
const mostClockOffsetMs = 30_000;

/** Why nobody can tell whether the holder of a grant can read, or that it cannot read yet. */
const untoldGrants: Readonly<Record<Exclude<ReaderVerdict, 'may-read'>, string>> = {
  'on-condition': 'on a condition',
  'may-activate': 'not activated',
  'cannot-tell': 'of a group, role or denial that was not seen',
  'may-grant-itself': 'to give oneself access',
};

/** Ended, accepted until later, or answered by management: an acceptance that is over or withdrawn decides nothing. */
function isDecided({ state, response }: FindingLife): boolean {
  return state === 'fixed' || state === 'accepted' || response !== null;
}

function explainUndecided(life: FindingLife | undefined): string {
  return life === undefined || life.steps.length === 0 ? 'no decision on record' : life.description;
}

/** Tests of the evidence itself: receipts, jobs, hours, slices. */
export const logTests: Readonly<Record<string, ControlTestFactory>> = {
  'receipts-reconcile': (_material, tally) => ({
    receipt({ reference, answeredAt, job, matched, contested }) {
      const at = { event: reference, at: answeredAt, subject: job };
      if (contested) tally.deviate({ ...at, why: 'it was copied, or other receipts claim the same read' });
      else if (matched === false) tally.deviate({ ...at, why: 'the log has no row for it' });
      else if (matched === null) tally.skip('of refused reads, or whose rows may still arrive');
      else tally.keep();
    },
  }),
  'clocks-agree': (_material, tally) => ({
    receipt({ reference, answeredAt, job, clockOffsetMs }) {
      if (clockOffsetMs === null) tally.skip('without a clock difference');
      else if (Math.abs(clockOffsetMs) <= mostClockOffsetMs) tally.keep();
      else {
        const why = `the clock differed by ${String(clockOffsetMs)} ms`;
        tally.deviate({ event: reference, at: answeredAt, subject: job, why });
      }
    },
  }),
  'jobs-on-record': (_material, tally) => ({
    job: (job) => {
      tallyVerdict(tally, judgeJob(job));
    },
  }),
  'log-complete': (_material, tally) => ({
    finish(audited) {
      for (const { hour, state } of audited.coverage) {
        if (state === 'not-read') tally.skip('not read');
        else if (state === 'covered') tally.keep();
        else {
          const why = 'a row of the canary read is missing, or that read was not made';
          tally.deviate({ event: hour, at: hour, subject: hour, why });
        }
      }
    },
  }),
  'totals-agree': verdictTest((_material, audited) => judgeTotals(audited)),
  'evidence-hashed': verdictTest((_material, audited) => judgeSlices(audited)),
  'grants-reviewed': (_material, tally) => ({
    finish(audited) {
      for (const { id, at, vault, why, verdict } of audited.access.grantDays) {
        const untold = verdict === 'may-read' ? undefined : untoldGrants[verdict];
        if (untold !== undefined) tally.skip(untold);
        else if (why === null) tally.keep();
        else tally.deviate({ event: id, at, subject: vault, why });
      }
    },
  }),
  'log-sent': (_material, tally) => ({
    finish(audited) {
      for (const { at, vault, sent } of audited.access.settingLooks) {
        const why = 'no diagnostic setting sent the audit log anywhere';
        if (sent) tally.keep();
        else tally.deviate({ event: `${vault} ${at}`, at, subject: vault, why });
      }
    },
  }),
  'findings-decided': (_material, tally) => ({
    finish(audited) {
      for (const { id, severity, firstAt, subject, description } of audited.findings) {
        const life = audited.findingLives.get(id);
        const why = `${explainUndecided(life)}: ${description}`;
        if (severity !== 'high') tally.skip('of a lower severity than high');
        else if (life !== undefined && isDecided(life)) tally.keep();
        else tally.deviate({ event: id, at: firstAt, subject, why });
      }
    },
  }),
  'policy-changes': verdictTest((_material, audited) => judgePolicyChanges(audited)),
};
