import { jobName } from '../../audit/model/job-name.ts';
import { dayMs } from '../../secrets/duration.ts';
import type { ReaderVerdict } from '../../audit/model/posture.ts';
import type { ControlTestFactory } from './control-test.ts';

/** A receipt and the row of its read may differ by this much before the join holds them to contradict each other. */
const mostClockOffsetMs = 30_000;

/** The only plan of a table whose rows can be joined and counted by any query. Source: Azure Monitor, "Table plans". */
const searchablePlan = 'Analytics';
/** A report is sealed two days after its period, when all rows have arrived. */
const reportingDays = 2;

/** Why nobody can tell whether the holder of a grant can read, or that it cannot read yet. */
const untoldGrants: Readonly<Record<Exclude<ReaderVerdict, 'may-read'>, string>> = {
  'on-condition': 'on a condition',
  'may-activate': 'not activated',
  'cannot-tell': 'of a group, role or denial that was not seen',
  'may-grant-itself': 'to give oneself access',
};

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
    job(job) {
      const event = jobName(job);
      const at = job.startedAt ?? job.createdAt;
      if (job.known === 'hook') tally.deviate({ event, at, subject: event, why: 'it is known only from a webhook' });
      else if (job.endedBetween !== undefined) {
        tally.deviate({ event, at, subject: event, why: 'Gitea never stated how this attempt ended' });
      } else if (job.status === 'completed') tally.keep();
      else tally.skip('that had not ended');
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
  'totals-agree': (_material, tally) => ({
    finish(audited) {
      for (const { path, count, controlTotal } of audited.slices) {
        const at = audited.period.from.toISOString();
        if (controlTotal === null) tally.skip('of files, which have no independent total');
        // Rows that arrive between the two queries make the answer the larger one.
        else if (count >= controlTotal) tally.keep();
        else {
          const why = `${String(count)} rows where the store counted ${String(controlTotal)}`;
          tally.deviate({ event: path, at, subject: path, why });
        }
      }
    },
  }),
  'evidence-hashed': (_material, tally) => ({
    finish(audited) {
      for (const { path, isIntact } of audited.slices) {
        const at = audited.period.from.toISOString();
        if (isIntact) tally.keep();
        else tally.deviate({ event: path, at, subject: path, why: 'its rows changed after they were collected' });
      }
    },
  }),
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
  'log-kept': ({ period }, tally) => {
    const neededDays = Math.ceil((period.to.getTime() - period.from.getTime()) / dayMs) + reportingDays;
    return {
      finish(audited) {
        for (const { at, table, plan, retentionDays } of audited.access.tableLooks) {
          const short = retentionDays < neededDays;
          const why = [
            ...(plan === searchablePlan ? [] : [`its plan is ${plan}, which Keyturn's queries cannot search`]),
            ...(short ? [`it keeps rows ${String(retentionDays)} days, and ${String(neededDays)} are needed`] : []),
          ];
          if (why.length === 0) tally.keep();
          else tally.deviate({ event: `${table} ${at}`, at, subject: table, why: why.join('; ') });
        }
      },
    };
  },
  'findings-decided': (_material, tally) => ({
    finish(audited) {
      for (const { id, severity, firstAt, subject, description } of audited.findings) {
        const state = audited.findingLives.get(id)?.state ?? 'open';
        const steps = audited.findingLives.get(id)?.steps ?? [];
        if (severity !== 'high') tally.skip('of a lower severity than high');
        else if (state === 'fixed' || state === 'accepted' || steps.length > 0) tally.keep();
        else tally.deviate({ event: id, at: firstAt, subject, why: `no decision on record: ${description}` });
      }
    },
  }),
  'policy-changes': (_material, tally) => ({
    finish(audited) {
      for (const { loadedAt, sha256, widens } of audited.policyChanges) {
        if (widens.length === 0) tally.keep();
        else tally.deviate({ event: sha256, at: loadedAt, subject: 'policy', why: widens.join('; ') });
      }
    },
  }),
};
