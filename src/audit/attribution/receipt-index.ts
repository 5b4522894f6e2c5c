import type { Receipt } from '../../provenance/receipt.ts';
import { jobKey } from '../model/job-name.ts';
import { instantOf } from '../parsing/moment.ts';
import type { LedgerReceipt } from '../collection/receipt-ledger.ts';

/** What one receipt claims about one request, prepared for the join. */
export interface ReceiptClaim {
  readonly receipt: Receipt;
  readonly channel: 'posted' | 'logged';
  readonly reference: string;
  /** Key of the job that it names. */
  readonly jobKey: string;
  /** When the answer arrived by the vault's clock, as the runner estimated it; milliseconds. */
  readonly answeredAt: number;
  /** The number of the receipt among those of all files, where it comes from one. */
  readonly number?: number;
}

/** Finds receipts by the server's request id, lower-case. */
export interface ReceiptClaims {
  /** Claims on the id, without copies; posted ones first, then in order of their references. */
  claims(correlationId: string): readonly ReceiptClaim[];
}

/** All receipts of a period, and which of them have a row. */
export interface ReceiptIndex extends ReceiptClaims {
  /** Records that a read with this id was seen. Receipts whose read is never seen are orphans. */
  match(correlationId: string): void;
  /** The number of receipts per channel, and how many receipts of served values match a row. */
  counts(): { readonly posted: number; readonly logged: number; readonly matched: number };
  /** Receipts of values served between the bounds (milliseconds) that match no row; in order of their references. */
  orphans(from: number, to: number): readonly LedgerReceipt[];
  /** Every receipt once, copies left out, in order of their references, and whether it matches a row. */
  all(): readonly (LedgerReceipt & { readonly matched: boolean })[];
  /** Receipts in another job's log than their own. */
  readonly copied: readonly LedgerReceipt[];
  /** Ids that receipts of several jobs claim, or different ones of one job. */
  contested(): readonly { readonly correlationId: string; readonly claims: readonly ReceiptClaim[] }[];
}

/**
 * Builds the index. A receipt in another job's log than its own is a copy: it is kept apart, and becomes a finding
 * about the job that printed it. The original row is not affected.
 */
export function indexReceipts(receipts: Iterable<LedgerReceipt>): ReceiptIndex {
  const byId = new Map<string, ReceiptClaim[]>();
  const unique = new Map<string, { receipt: LedgerReceipt; matched: boolean }>();
  const copied = new Map<string, LedgerReceipt>();
  const seen = { posted: new Set<string>(), logged: new Set<string>() };
  for (const one of receipts) {
    seen[one.channel].add(one.reference);
    if (one.log !== null && jobKey(one.log) !== jobKey(one.receipt.job)) copied.set(one.reference, one);
    else add(one);
  }
  for (const claims of byId.values()) claims.sort(byChannelAndReference);

  function add(one: LedgerReceipt): void {
    const content = JSON.stringify(one.receipt);
    const known = unique.get(content);
    if (known === undefined || byChannelAndReference(one, known.receipt) < 0)
      unique.set(content, { receipt: one, matched: false });
    for (const request of one.receipt.requests) {
      const { id } = request;
      const claim = createClaim(one, request);
      const claims = byId.get(id.toLowerCase());
      if (claims === undefined) byId.set(id.toLowerCase(), [claim]);
      else if (!claims.some((other) => other.reference === claim.reference)) claims.push(claim);
    }
  }

  const served = () => [...unique.values()].filter(({ receipt }) => receipt.receipt.version !== null);
  return {
    claims: (correlationId) => byId.get(correlationId) ?? [],
    match(correlationId) {
      for (const { receipt } of byId.get(correlationId) ?? []) {
        const entry = unique.get(JSON.stringify(receipt));
        if (entry !== undefined) entry.matched = true;
      }
    },
    counts() {
      const matched = served().filter((entry) => entry.matched).length;
      return { posted: seen.posted.size, logged: seen.logged.size, matched };
    },
    orphans: (from, to) =>
      served()
        .filter((entry) => !entry.matched)
        .map((entry) => entry.receipt)
        .filter(({ receipt }) => answeredAt(receipt) >= from && answeredAt(receipt) < to)
        .sort((a, b) => (a.reference < b.reference ? -1 : 1)),
    all: () =>
      [...unique.values()]
        .map(({ receipt, matched }) => ({ ...receipt, matched }))
        .sort((a, b) => (a.reference < b.reference ? -1 : 1)),
    copied: [...copied.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1)),
    contested: () =>
      [...byId]
        .filter(([, claims]) => isContested(claims))
        .map(([correlationId, claims]) => ({ correlationId, claims }))
        .sort((a, b) => (a.correlationId < b.correlationId ? -1 : 1)),
  };
}

/** When the last request of a receipt was answered by the vault's clock, as the runner estimated it; milliseconds. */
export function answeredAt({ requests, clockOffsetMs }: Receipt): number {
  return Date.parse(requests.at(-1)?.at ?? '') + (clockOffsetMs ?? 0);
}

/** What a receipt claims about one of its requests. */
export function createClaim(
  { receipt, channel, reference, number }: LedgerReceipt & Pick<ReceiptClaim, 'number'>,
  { at }: Receipt['requests'][number],
): ReceiptClaim {
  const answered = instantOf(at) + (receipt.clockOffsetMs ?? 0);
  const key = jobKey(receipt.job);
  return number === undefined
    ? { receipt, channel, reference, jobKey: key, answeredAt: answered }
    : { receipt, channel, reference, jobKey: key, answeredAt: answered, number };
}

/** Whether receipts of several jobs claim one request, or different ones of one job. */
export function isContested(claims: readonly ReceiptClaim[]): boolean {
  const [first] = claims;
  return first !== undefined && claims.some((claim) => claim !== first && !isSameReceipt(claim.receipt, first.receipt));
}

/** Whether both are one receipt, such as one that was posted and is in the job's log too: every member is equal. */
export function isSameReceipt(one: Receipt, other: Receipt): boolean {
  return (
    isSameJob(one.job, other.job) &&
    receiptMembers.every((member) => one[member] === other[member]) &&
    one.requests.length === other.requests.length &&
    one.requests.every((request, index) => isSameRequest(request, other.requests[index]))
  );
}

const receiptMembers = [
  'nonce',
  'sequence',
  'secret',
  'version',
  'vault',
  'opaque',
  'address',
  'clockOffsetMs',
  'clientRequestId',
  'previous',
] as const satisfies readonly (keyof Receipt)[];

function isSameJob(one: Receipt['job'], other: Receipt['job']): boolean {
  return (
    jobKey(one) === jobKey(other) &&
    one.runId === other.runId &&
    one.taskId === other.taskId &&
    one.repositoryId === other.repositoryId
  );
}

function isSameRequest(one: Receipt['requests'][number], other: Receipt['requests'][number] | undefined): boolean {
  return one.id === other?.id && one.status === other.status && one.at === other.at;
}

/** The order of claims on one request. */
export function byChannelAndReference(
  a: Pick<ReceiptClaim, 'channel' | 'reference'>,
  b: Pick<ReceiptClaim, 'channel' | 'reference'>,
): number {
  if (a.channel !== b.channel) return a.channel === 'posted' ? -1 : 1;
  return a.reference < b.reference ? -1 : 1;
}
