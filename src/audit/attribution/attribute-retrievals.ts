import { parseJobStamp } from '../../provenance/job-stamp.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { IdentityRule, Policy } from '../../secrets/policy.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import { type Attribution, type Grade, gradeGroups } from '../model/attribution.ts';
import type { AttributionContext, AttributionRule, Row, Verdict, WholeContext } from './rules/attribution-rule.ts';
import { verdict } from './rules/attribution-rule.ts';
import { candidateRule } from './rules/candidate-rule.ts';
import { ourIdentityRule, personRule, platformRule, accountForUngraded } from './rules/no-job-rules.ts';
import { receiptRule } from './rules/receipt-rule.ts';
import { stampRule } from './rules/stamp-rule.ts';
import type { Job } from '../model/job.ts';
import { indexJobs } from './job-index.ts';
import { memoize } from '../../provenance/memoize.ts';
import { momentOf } from '../parsing/moment.ts';
import { platformApplications } from '../parsing/operation-kinds.ts';
import type { OwnRead } from '../model/own-read.ts';
import { indexReceipts } from './receipt-index.ts';
import type { LedgerReceipt } from '../collection/receipt-ledger.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { type BrokerRead } from '../../broker/history/broker-history.ts';
import { indexBrokerReads } from './broker-index.ts';
import { brokerRule } from './rules/broker-rule.ts';
import { indexRotations } from './rotation-index.ts';

/** The sources that rows are attributed against. Order and duplicates in each list change nothing. */
export interface AttributionSources {
  readonly policy: Policy;
  /** The policy in force at a moment; defaults to `policy` at all times. */
  readonly policyAt?: PolicyAt;
  readonly jobs: Iterable<Job>;
  readonly receipts: Iterable<LedgerReceipt>;
  readonly rotations: Iterable<RotationHistory>;
  /** Reads that the broker made for jobs. */
  readonly brokerReads?: Iterable<BrokerRead>;
  /** Keyturn's own reads outside rotations. */
  readonly ownReads?: Iterable<OwnRead>;
  /** Keys of jobs whose log was read completely. */
  readonly harvested?: ReadonlySet<string>;
  /** Every job created before this is in the ledger; `null` if that is not known. */
  readonly ledgerCompleteTo?: Date | null;
}

/** Grades each row independently of the others. */
export interface Attributor {
  /** Returns exactly one grade. Never throws: a row that cannot be tied to a job is `unattributed`, with the reason. */
  attribute(retrieval: Retrieval): Attribution;
  readonly context: WholeContext;
}

/** The rules in order: the first one that returns a verdict decides. */
const rules: readonly AttributionRule[] = [
  personRule,
  brokerRule,
  ourIdentityRule,
  platformRule,
  receiptRule,
  stampRule,
  candidateRule,
];

/**
 * Builds the indexes once. Jobs and receipts are held in memory, retrievals are not. Source of the rules:
 * docs/decisions.md, "Grades"; each rule's docstring names its evidence.
 */
export function createAttributor(sources: AttributionSources): Attributor {
  const { policy, harvested, ledgerCompleteTo } = sources;
  const context: WholeContext = {
    policyAt: sources.policyAt ?? (() => policy),
    jobs: indexJobs(sources.jobs),
    receipts: indexReceipts(sources.receipts),
    rotations: indexRotations(sources.rotations, sources.ownReads),
    broker: indexBrokerReads(sources.brokerReads ?? []),
    platformApplications,
    isHarvested: (key) => harvested?.has(key) ?? false,
    ledgerCompleteTo: ledgerCompleteTo?.getTime() ?? null,
  };
  return { context, attribute: (retrieval) => attributeRetrieval(retrieval, context) };
}

/** Grades one row by what the context's indexes find. Never throws. */
export function attributeRetrieval(retrieval: Retrieval, context: AttributionContext): Attribution {
  const { correlationId, at } = retrieval;
  const claims = correlationId === null ? [] : context.receipts.claims(correlationId);
  const row = prepareRow(retrieval, momentOf(at), context.policyAt(at), claims);
  const answer = judgeRow(row, context);
  if (row.stamp === null || confirmed.has(answer.grade)) return { retrieval, ...answer };
  const { grade, job, reason } = judgeRow({ ...row, stamp: null }, context);
  return { retrieval, ...answer, unaided: { grade, job, reason } };
}

/**
 * Takes note of a row that is not graded: what is on record of such a request by our identity explains no other row. The same
 * row may be passed over again. Returns what is on record, if anything speaks of it.
 */
export function passOver(retrieval: Retrieval, context: AttributionContext): ReturnType<typeof accountForUngraded> {
  const row = prepareRow(retrieval, momentOf(retrieval.at), context.policyAt(retrieval.at), []);
  return accountForUngraded(row, context);
}

/** The grades that a stamped row has only if something else confirms its stamp. */
const confirmed: ReadonlySet<Grade> = new Set(gradeGroups['tied to a job']);

/** What the rules say of a row. */
export function judgeRow(row: Row, context: AttributionContext): Verdict {
  for (const rule of rules) {
    const answer = rule(row, context);
    if (answer !== null) return answer;
  }
  return verdict('unattributed', 'no-rule');
}

/** All reads of a job's step have the same text. */
const stampOf = memoize(parseJobStamp);

/** Neighbouring rows often have one identity. */
let lastRule: {
  readonly policy: Policy;
  readonly objectId: string | null;
  readonly rule: IdentityRule | null;
} | null = null;

function ruleOf(policy: Policy, objectId: string | null): IdentityRule | null {
  if (lastRule?.policy !== policy || lastRule.objectId !== objectId) {
    const rule = objectId === null ? null : (policy.identities.get(objectId) ?? null);
    lastRule = { policy, objectId, rule };
  }
  return lastRule.rule;
}

/** `at`: milliseconds. */
export function prepareRow(retrieval: Retrieval, at: number, policy: Policy, claims: Row['claims']): Row {
  const { identity, client } = retrieval;
  return {
    retrieval,
    at,
    policy,
    identity: ruleOf(policy, identity.objectId),
    stamp: client === null ? null : stampOf(client),
    claims,
  };
}
