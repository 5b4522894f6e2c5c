import { auditPeriod, type PeriodToAudit } from '../../src/audit/audit-period.ts';
import type { Attribution } from '../../src/audit/model/attribution.ts';
import type {
  AuditedEvent,
  AuditedPeriod,
  ExcludedRow,
  JobRecord,
  ReceiptRecord,
  SecretDay,
} from '../../src/audit/model/audited-period.ts';
import type { Observation } from '../../src/audit/model/observation.ts';

/** Everything that an audit shows, in memory. */
interface CollectedEvents {
  readonly events: AuditedEvent[];
  readonly excluded: ExcludedRow[];
  readonly jobs: JobRecord[];
  readonly receipts: ReceiptRecord[];
  readonly secretDays: SecretDay[];
}

type Share = Pick<CollectedEvents, 'events' | 'excluded' | 'jobs' | 'receipts'>;

/** Keeps what an audit shows. */
export function collectEvents(): CollectedEvents & { readonly observation: Observation<Share> } {
  const all: CollectedEvents = { events: [], excluded: [], jobs: [], receipts: [], secretDays: [] };
  const observation: Observation<Share> = {
    begin: () => undefined,
    observe() {
      const share: Share = { events: [], excluded: [], jobs: [], receipts: [] };
      return {
        event: (event) => share.events.push(event),
        excluded: (row) => share.excluded.push(row),
        job: (job) => share.jobs.push(job),
        receipt: (receipt) => share.receipts.push(receipt),
        take: () => share,
      };
    },
    async secretDay(day) {
      all.secretDays.push(day);
      await Promise.resolve();
    },
    async absorb(share) {
      all.events.push(...share.events);
      all.excluded.push(...share.excluded);
      all.jobs.push(...share.jobs);
      all.receipts.push(...share.receipts);
      await Promise.resolve();
    },
  };
  return { ...all, observation };
}

/** Audits a period; with the reads of its population. */
export async function auditWithReads(
  audit: PeriodToAudit,
): Promise<
  AuditedPeriod & { readonly attributions: readonly Attribution[]; readonly excluded: readonly ExcludedRow[] }
> {
  const { events, excluded, observation } = collectEvents();
  const audited = await auditPeriod(audit, observation);
  return { ...audited, excluded, attributions: events.flatMap(({ attribution }) => attribution ?? []) };
}
