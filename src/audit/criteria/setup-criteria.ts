import { dayMs } from '../../secrets/duration.ts';
import type { AccessRecord, ReportingPeriod } from '../model/audited-period.ts';
import type { Verdict } from './verdict.ts';

/** The only plan of a table whose rows can be joined and counted by any query. Source: Azure Monitor, "Table plans". */
const searchablePlan = 'Analytics';
/** A report is sealed two days after its period, when all rows have arrived. */
const reportingDays = 2;

interface Looks {
  readonly access: AccessRecord;
}

/** Each look at the setup of a vault: as the look before showed it, or changed. */
export function* judgeSetupChanges({ access }: Looks): Iterable<Verdict> {
  for (const { at, vault: subject, changes } of access.setupLooks) {
    const why = changes.join('; ');
    if (changes.length === 0) yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'setup-changed', event: `${subject} ${at}`, at, subject, why };
  }
}

/** Each look at a vault: whether its firewall, or the want of public access, keeps strangers out. */
export function* judgeShields({ access }: Looks): Iterable<Verdict> {
  const why = 'the vault answers requests from every address';
  for (const { at, vault: subject, publicAccess, firewall } of access.setupLooks) {
    if (!publicAccess || firewall.defaultAction === 'deny') yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'vault-unshielded', event: `${subject} ${at}`, at, subject, why };
  }
}

/** Each look at a vault: whether what is deleted there can be got back. */
export function* judgeDeletion({ access }: Looks): Iterable<Verdict> {
  for (const { at, vault: subject, softDelete, purgeProtection } of access.setupLooks) {
    const off = [...(softDelete ? [] : ['soft delete']), ...(purgeProtection ? [] : ['purge protection'])];
    const why = `${off.join(' and ')} off`;
    if (off.length === 0) yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'deletion-irrecoverable', event: `${subject} ${at}`, at, subject, why };
  }
}

/** Each look at a table of the log: whether its rows can be searched, and are kept until the period is reported. */
export function* judgeLogTables({ access }: Looks, period: ReportingPeriod): Iterable<Verdict> {
  const neededDays = Math.ceil((period.to.getTime() - period.from.getTime()) / dayMs) + reportingDays;
  for (const { at, table: subject, plan, retentionDays } of access.tableLooks) {
    const why = [
      ...(plan === searchablePlan ? [] : [`its plan is ${plan}, which Keyturn's queries cannot search`]),
      ...(retentionDays < neededDays
        ? [`it keeps rows ${String(retentionDays)} days, and ${String(neededDays)} are needed`]
        : []),
    ].join('; ');
    if (why === '') yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'log-not-kept', event: `${subject} ${at}`, at, subject, why };
  }
}
