import type { GrantHistory } from '../../src/grants/history/grant-history.ts';
import type { BrokerHistory } from '../../src/broker/history/broker-history.ts';
import { nothingBrokered } from './nothing-brokered.ts';
import { type AttributionSources, createAttributor } from '../../src/audit/attribution/attribute-retrievals.ts';
import { listReceipts } from './listed-receipts.ts';
import type { RefusedReceipts } from '../../src/audit/collection/receipt-room.ts';
import type {
  InventoriedSecret,
  InventorySnapshot,
  ReportingPeriod,
  SecretInventoryEntry,
} from '../../src/audit/model/audited-period.ts';
import type { Job } from '../../src/audit/model/job.ts';
import type { Finding, FindingRule } from '../../src/audit/model/finding.ts';
import { findExceptions } from '../../src/audit/findings/find-exceptions.ts';
import { collectKnownSecrets } from '../../src/audit/period/collect-known-secrets.ts';
import type { EndOfPeriod } from '../../src/audit/findings/finding-rule.ts';
import type { Posture } from '../../src/audit/model/posture.ts';
import { createReadsOnRecord } from '../../src/audit/period/reads-on-record.ts';
import type { Retrieval } from '../../src/audit/model/retrieval.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import type { Namespace, Policy, SecretBinding } from '../../src/secrets/policy.ts';
import * as given from './attribution-fixtures.ts';

const { at, job, policy, row, stamp } = given;

const oneDay = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') };

interface Given extends Partial<AttributionSources>, Partial<EndOfPeriod> {
  readonly snapshots?: readonly InventorySnapshot[];
  readonly rows?: readonly Retrieval[];
  readonly history?: readonly RotationHistory[];
  readonly refusedReceipts?: readonly RefusedReceipts[];
  /** Rows of the ninety days before. */
  readonly earlier?: readonly Retrieval[];
  readonly looks?: readonly Posture[];
  readonly bothLogs?: ReportingPeriod;
  readonly brokered?: BrokerHistory;
  readonly accessRequests?: readonly GrantHistory[];
  readonly jobRecords?: readonly Job[];
  /** One day unless told. */
  readonly period?: ReportingPeriod;
}

/** A period at whose end nothing is on record. */
export function emptyEnd(period: ReportingPeriod): EndOfPeriod {
  const asOf = period.to.getTime();
  return {
    period,
    settledTo: asOf,
    asOf,
    rowsSince: null,
    coverage: [],
    unreadable: [],
    inventory: [],
    access: { grantDays: [], settingLooks: [], tableLooks: [], setupLooks: [], notSeen: [] },
    slices: [],
    policyChanges: [],
  };
}

/** The findings of one day, by rule. */
export function found(day: Given): Finding[] {
  const { period = oneDay } = day;
  const rotations = day.history ?? [];
  const brokerReads = day.brokered?.reads ?? [];
  const sources = { policy: policy(), jobs: [job(1)], receipts: [], brokerReads, ...day, rotations };
  const attributor = createAttributor(sources);
  const earlierReads = createReadsOnRecord();
  for (const one of day.earlier ?? []) earlierReads.see(one);
  const secrets = collectKnownSecrets();
  for (const snapshot of day.snapshots ?? []) secrets.see(snapshot);
  const exceptions = findExceptions({
    period,
    policyAt: attributor.context.policyAt,
    secrets,
    rotations,
    brokered: day.brokered ?? nothingBrokered,
    accessRequests: day.accessRequests ?? [],
    attribution: attributor.context,
    refusedReceipts: day.refusedReceipts ?? [],
    earlierReads,
    bothLogs: day.bothLogs ?? null,
  });
  for (const snapshot of day.snapshots ?? []) exceptions.seeInventory(snapshot);
  for (const retrieval of day.rows ?? []) {
    if (retrieval.kind === 'read' && retrieval.correlationId !== null)
      attributor.context.receipts.match(retrieval.correlationId);
    exceptions.see(retrieval, retrieval.kind === 'read' ? attributor.attribute(retrieval) : null);
  }
  for (const look of day.looks ?? []) exceptions.look(look);
  const asOf = period.to.getTime();
  for (const receipt of listReceipts(attributor.context, period, day.settledTo ?? asOf)) exceptions.receipt(receipt);
  for (const one of day.jobRecords ?? []) exceptions.job(one);
  return [...exceptions.findings({ ...emptyEnd(period), ...day })];
}

export function of(
  rule: FindingRule,
  findings: readonly Finding[],
): readonly Pick<Finding, 'subject' | 'severity' | 'description' | 'count'>[] {
  return findings
    .filter((one) => one.rule === rule)
    .map(({ subject, severity, description, count }) => ({ subject, severity, description, count }));
}

function binding(change: Partial<SecretBinding> = {}): SecretBinding {
  return {
    vault: 'kv',
    name: 'database',
    issuer: 'generated',
    target: {},
    validityMs: 30 * 86_400_000,
    graceMs: 60_000,
    consumersLifetimeMs: 0,
    minimumAgeMs: 0,
    rotationsPerDay: 1,
    environment: 'prod',
    namespaces: ['production'],
    approval: [],
    group: null,
    alsoPublish: [],
    mode: 'automatic',
    first: 'automatic',
    windows: [],
    checkMs: 21_600_000,
    ...change,
  };
}

export function bound(namespace: Partial<Namespace> = {}, change: Partial<SecretBinding> = {}): Policy {
  const whole: Namespace = {
    name: 'production',
    repositories: [],
    branches: [],
    events: [],
    forks: false,
    workflows: [],
    protectedBranch: false,
  };
  return policy({
    secrets: new Map([['kv/database', binding(change)]]),
    namespaces: new Map([['production', { ...whole, ...namespace }]]),
  });
}

export function secret(change: Partial<SecretInventoryEntry> = {}): SecretInventoryEntry {
  return {
    vault: 'kv',
    secret: 'database',
    version: 'v1',
    enabled: true,
    created: '2026-02-01T00:00:00.000Z',
    expires: '2026-12-01T00:00:00.000Z',
    environment: 'prod',
    issuer: 'generated',
    validityDays: 90,
    ageDays: 30,
    reads: 1,
    lastReadAt: null,
    ...change,
  };
}

/** One inventory of the period, of the secret with these changes; at 23:00 unless told. */
export function inventoried(
  change: Partial<InventoriedSecret> = {},
  time = '2026-03-02T23:00:00.000Z',
): InventorySnapshot {
  const { ageDays: _ageDays, reads: _reads, lastReadAt: _lastReadAt, ...rest } = secret();
  return { at: time, entries: [{ ...rest, ...change }] };
}

export const quiet = row('c1', { client: stamp(1) });
export const denied = (second: number, name = 'database', change: Partial<Retrieval> = {}) =>
  row(`d${String(second)}-${name}`, {
    at: at(second),
    kind: 'denied',
    status: 403,
    denial: 'rbac',
    secret: name,
    ...change,
  });
