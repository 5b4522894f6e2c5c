import { compareText } from '../../provenance/compare-text.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { type RetentionKindName, retentionKindNames } from '../retention-kinds.ts';
import type { RetentionFacts } from '../retention-entry.ts';
import { readRetention } from '../retention-record.ts';

/** Records of a time that were deleted by a rule. Adjacent ones of one kind, under one rule, are one. */
export interface DeletedSpan {
  readonly kind: RetentionKindName;
  readonly from: Date;
  readonly to: Date;
  /** How long the rule kept them, such as `1095d`. */
  readonly rule: string;
}

/**
 * What was deleted of a period, by kind, then time. One that is under way counts: part of it may be gone.
 * @throws ServiceError `RECORD_UNREADABLE`.
 */
export async function deletedIn(
  records: RecordStore,
  period: { readonly from: Date; readonly to: Date },
): Promise<readonly DeletedSpan[]> {
  const spans: DeletedSpan[] = [];
  const entries = await readRetention(records);
  const without = new Set(entries.flatMap(({ facts }) => (isFruitless(facts) ? [facts.of] : [])));
  for (const { number, facts } of entries) {
    if (facts.act !== 'delete' || without.has(number)) continue;
    const { kind, rule } = facts;
    const [from, to] = [new Date(facts.from), new Date(facts.to)];
    if (from < period.to && to > period.from) spans.push({ kind, rule, from, to });
  }
  const merged: DeletedSpan[] = [];
  for (const span of spans.sort((a, b) => order(a) - order(b) || compareText(a.rule, b.rule) || +a.from - +b.from)) {
    const last = merged.at(-1);
    const joins = last?.kind === span.kind && last.rule === span.rule && span.from <= last.to;
    if (joins) merged[merged.length - 1] = { ...last, to: span.to > last.to ? span.to : last.to };
    else merged.push(span);
  }
  return merged;
}

/** Whether a deletion ended with nothing gone, because a hold had come. */
function isFruitless(facts: RetentionFacts): facts is Extract<RetentionFacts, { readonly act: 'deleted' }> {
  return facts.act === 'deleted' && facts.records === 0;
}

function order({ kind }: DeletedSpan): number {
  return retentionKindNames.indexOf(kind);
}
