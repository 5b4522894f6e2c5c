import type { RecordStore } from '../../records/record-store.ts';
import { type DeletedSpan, deletedIn } from '../../retention/history/deletions.ts';
import type { RetrievalCollection } from '../collection/retrieval-collection.ts';
import type { DeletedReads } from '../model/deleted-reads.ts';
import type { NotRead, ReportingPeriod } from '../model/audited-period.ts';

/** What is known of a period without the evidence that a rule of retention has deleted. */
export interface WithoutDeleted {
  /** How the collection of log rows counts: what was deleted of it is not read. */
  readonly collection: RetrievalCollection | null;
  /** What else was deleted. */
  readonly notRead: readonly NotRead[];
}

/** What kinds of records are, beside rows, as a report calls it. The others are no evidence of a period. */
const evidence: { readonly [Kind in DeletedSpan['kind']]?: string } = {
  jobs: 'jobs of Gitea',
  receipts: 'receipts',
  looks: 'inventories and looks at who may read',
  events: 'events of Key Vault',
  journals: 'journals of rotations and of the broker',
};

/**
 * States deleted evidence as what it is, so that a report never takes it for nothing that happened.
 * @throws ServiceError `RECORD_UNREADABLE` if the record of deletions is.
 */
export async function withoutDeleted(
  records: RecordStore,
  period: ReportingPeriod,
  collection: RetrievalCollection | null,
): Promise<WithoutDeleted> {
  const deleted = await deletedIn(records, period);
  const rows = deleted.filter(({ kind }) => kind === 'slices');
  const unread = rows.map(({ from, to, rule }) => ({
    from: from.toISOString(),
    to: to.toISOString(),
    why: whyDeleted(rule),
  }));
  return {
    collection: collection === null ? null : { ...collection, unread: [...collection.unread, ...unread] },
    notRead: deleted.flatMap(({ kind, from, to, rule }): NotRead[] => {
      const what = evidence[kind];
      if (what === undefined) return [];
      return [{ what, ...within({ from, to }, period), why: whyDeleted(rule), state: 'irrecoverable' }];
    }),
  };
}

const ofReads: { readonly [Kind in DeletedSpan['kind']]?: DeletedReads['what'] } = {
  slices: 'rows of the log',
  jobs: 'jobs',
  receipts: 'receipts',
};

/**
 * What of the evidence of a period's reads was deleted, by kind, then time. @throws ServiceError `RECORD_UNREADABLE`.
 */
export async function deletedReads(records: RecordStore, period: ReportingPeriod): Promise<readonly DeletedReads[]> {
  const deleted = await deletedIn(records, period);
  return deleted.flatMap(({ kind, rule, ...span }): DeletedReads[] => {
    const what = ofReads[kind];
    return what === undefined ? [] : [{ what, ...within(span, period), rule }];
  });
}

/** The part of a span that lies in the period. */
function within(
  { from, to }: ReportingPeriod,
  period: ReportingPeriod,
): { readonly from: string; readonly to: string } {
  const [start, end] = [Math.max(from.getTime(), period.from.getTime()), Math.min(to.getTime(), period.to.getTime())];
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
}

function whyDeleted(rule: string): string {
  return `it was deleted, because the rule of retention keeps it for ${rule}`;
}
