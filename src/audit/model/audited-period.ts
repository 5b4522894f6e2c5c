import type { Attribution } from './attribution.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type { Finding, FindingRule } from './finding.ts';
import type { FindingLife, FindingStep } from './finding-life.ts';
import type { ReaderVerdict, VaultSetup, WorkspaceTable } from './posture.ts';
import type { Job } from './job.ts';
import type { OwnRead } from './own-read.ts';
import type { Retrieval } from './retrieval.ts';

/** Half-open, UTC. */
export interface ReportingPeriod {
  readonly from: Date;
  readonly to: Date;
}

/** One step from all rows to the population, in order. The counts add up. */
export interface Exclusion {
  readonly reason: string;
  readonly count: number;
}

/** One row of the log that a step left out of the population. */
export interface ExcludedRow {
  readonly step: string;
  /** The slice and the line that hold it, `slices/….ndjson#7`; `null` for an event that several rows tell of. */
  readonly place: string | null;
  /** Of the event; `null` for a row that could not be parsed, with what follows. */
  readonly id: string | null;
  readonly at: string | null;
  readonly vault: string | null;
  readonly secret: string | null;
  readonly requestedVersion: string | null;
  readonly operation: string | null;
  readonly status: number | null;
  /** Object id of the caller; `null` also for a caller without an identity. */
  readonly caller: string | null;
  readonly correlationId: string | null;
}

/** One hour of the log. `gap`: the row of the hourly canary read is missing. */
export interface HourCoverage {
  readonly hour: string;
  readonly rows: number;
  readonly state: 'covered' | 'gap' | 'not-read';
}

/** What could not be read. `not-read-yet` blocks a final seal; `irrecoverable` becomes a scope limitation. */
export interface NotRead {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
  readonly state: 'not-read-yet' | 'irrecoverable';
}

/** A query as it ran, so that an auditor can run it again. */
export interface QueryRecord {
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
  readonly rows: number;
  readonly controlTotal: number | null;
}

/** One slice that rows were read from. */
export interface SliceRecord {
  readonly path: string;
  readonly sha256: string;
  /** Rows that no earlier slice holds. */
  readonly rows: number;
  /** Rows of the answer. */
  readonly count: number;
  /** Rows that the store counted by a query of its own; `null` if the rows came from files, which count nothing. */
  readonly controlTotal: number | null;
  /** Whether its rows still have the digest that was written when they were collected. */
  readonly isIntact: boolean;
}

/** One secret's newest version and what the policy says of it, as an inventory lists it. Never a value. */
export interface InventoriedSecret extends Omit<SecretInventoryEntry, 'ageDays' | 'reads' | 'lastReadAt'> {
  readonly tags?: Readonly<Record<string, string>>;
}

/** What the vaults held at a moment. */
export interface InventorySnapshot {
  readonly at: string;
  readonly entries: readonly InventoriedSecret[];
}

/** One secret's newest version and its age against the policy, at the end of the period. */
export interface SecretInventoryEntry {
  readonly vault: string;
  readonly secret: string;
  readonly version: string;
  readonly enabled: boolean;
  readonly created: string;
  readonly expires: string | null;
  readonly environment: string | null;
  readonly issuer: string | null;
  readonly validityDays: number | null;
  /** Present for a secret that the policy binds to no issuer: people replace it. */
  readonly tracked?: true;
  /** Present for the value of a Key Vault certificate, which the vault itself renews. */
  readonly managed?: true;
  /** Who is responsible, in the policy's words; absent where it names nobody. */
  readonly owner?: string;
  /** Present for a secret of Keyturn itself: its canary, its staging key. */
  readonly own?: true;
  readonly ageDays: number;
  readonly reads: number;
  readonly lastReadAt: string | null;
}

/** One policy as it was loaded. */
export interface PolicyRecord {
  readonly loadedAt: string;
  /** sha256 of the text. */
  readonly sha256: string;
  readonly text: string;
}

/** One change of the policy, against the one before it. */
export interface PolicyChange {
  readonly loadedAt: string;
  readonly sha256: string;
  readonly before: string;
  /** Every difference, one readable line each. */
  readonly changes: readonly string[];
  /** Those of the changes that allow more or demand less. */
  readonly widens: readonly string[];
}

/** What the rules say of one event: only the rules that have a criterion for it. */
export type Judgements = ReadonlyMap<FindingRule, 'broken' | 'kept'>;

/** One event of the log that is part of a population, and what the rules say of it. */
export interface AuditedEvent {
  readonly retrieval: Retrieval;
  /** `null` for events that are not reads of the population: refusals, writes, reads of staging by the rotator. */
  readonly attribution: Attribution | null;
  readonly judgements: Judgements;
}

/** One secret on one day, as the daily inventory lists it, and what the rules say of it. */
export interface SecretDay {
  /** `2026-03-09`. */
  readonly day: string;
  /** When the inventory was taken. */
  readonly at: string;
  readonly secret: InventoriedSecret;
  readonly judgements: Judgements;
}

/** One job, for the population of jobs. */
export interface JobRecord extends Job {
  /** Whether two readings of its log agreed: only then does a receipt that is missing there speak against a stamp. */
  readonly logReadWhole: boolean;
}

/** One receipt, for the population of receipts: never a value. */
export interface ReceiptRecord {
  readonly reference: string;
  /** Where else the same receipt is on record: a posted one is in the log of its job too. */
  readonly also: readonly string[];
  readonly channel: 'posted' | 'logged';
  /** `owner/name run/job.attempt`, or the numbers alone for an unknown job. */
  readonly job: string;
  readonly vault: string;
  readonly secret: string;
  readonly version: string | null;
  readonly answeredAt: string;
  readonly requests: readonly string[];
  readonly clockOffsetMs: number | null;
  /** Whether a read of the log has one of its ids; `null` while rows may still arrive, and for a read that was refused. */
  readonly matched: boolean | null;
  /** Whether it was found in the log of another job, or other receipts, of whichever job, claim the same read. */
  readonly contested: boolean;
}

/** One grant by which one identity could read, on one day, and whether it is more than the policy opens. */
export interface GrantDay {
  /** Identity, role assignment (or the access policy's object) and day. */
  readonly id: string;
  /** `2026-03-09`. */
  readonly day: string;
  /** When it was looked at last on that day. */
  readonly at: string;
  readonly vault: string;
  readonly principalId: string;
  readonly role: string;
  readonly scope: string;
  readonly reach: 'secret' | 'vault' | 'above-vault';
  /** The group through which it reaches the identity. */
  readonly group: string | null;
  /** What it gives the identity; only of one that may read can be told whether it is more than the policy opens. */
  readonly verdict: ReaderVerdict;
  /** Why it is more than the policy opens; `null` if it is not. */
  readonly why: string | null;
}

/** One look at where the log of a vault goes. */
export interface SettingLook {
  readonly at: string;
  readonly vault: string;
  readonly sent: boolean;
}

/** One look at how a vault is set up, and how that differs from the look before. */
export interface SetupLook extends Omit<VaultSetup, 'accessPolicies'> {
  readonly at: string;
  readonly vault: string;
  /** Each difference from the look before, one readable line each; empty if there is none, or no look before. */
  readonly changes: readonly string[];
}

/** How a table of the log workspace was set up at one look. */
export interface TableLook extends WorkspaceTable {
  readonly at: string;
}

/** A part of Azure's settings that a look did not show. */
export interface UnseenPart {
  /** `looks`: nobody looked at all. */
  readonly about: 'grants' | 'changes' | 'setup' | 'settings' | 'tables' | 'vaults' | 'metric' | 'looks';
  /** What was not seen and the reason, in words, without a full stop. */
  readonly says: string;
}

/** Who could read on each day, how the vaults were set up, and where their logs went. */
export interface AccessRecord {
  readonly grantDays: readonly GrantDay[];
  readonly settingLooks: readonly SettingLook[];
  readonly tableLooks: readonly TableLook[];
  readonly setupLooks: readonly SetupLook[];
  readonly notSeen: readonly UnseenPart[];
}

/** One version that came due in the period, or was replaced in it. */
export interface RotationDue {
  /** `vault/secret`. */
  readonly subject: string;
  readonly version: string;
  readonly due: string;
  readonly replacedAt: string | null;
  /** `null` also for a value that was set and replaced again between two inventories, whose version the log does not state. */
  readonly replacedBy: string | null;
  readonly isLate: boolean;
}

/** The result of auditing one period: the input of the evidence room. */
export interface AuditedPeriod {
  readonly period: ReportingPeriod;
  /** The end of the period, or the time of the audit if that is earlier. */
  readonly asOf: Date;
  readonly vaults: readonly string[];
  /** Rows in the slices, before any exclusion. */
  readonly rowsRead: number;
  readonly exclusions: readonly Exclusion[];
  /** Rows that are not audit rows, with the reason; never dropped silently. */
  readonly unreadableRows: readonly { readonly place: string; readonly reason: string }[];
  /** The policy that was in force at a moment. */
  readonly policyAt: PolicyAt;
  /** The policies that were in force in the period, oldest first; the first may have been loaded before it. */
  readonly policies: readonly PolicyRecord[];
  /** Changes of the policy within the period, oldest first. */
  readonly policyChanges: readonly PolicyChange[];
  /** Keyturn's own reads, each recorded before it was made. */
  readonly ownReads: readonly OwnRead[];
  readonly findings: readonly Finding[];
  /** Where each finding stands at the time of the audit, by its id. */
  readonly findingLives: ReadonlyMap<string, FindingLife>;
  /** Every step that a person took about any finding, up to the time of the audit, oldest first. */
  readonly findingSteps: readonly FindingStep[];
  readonly jobs: number;
  readonly receipts: {
    readonly posted: number;
    readonly logged: number;
    readonly matched: number;
    readonly orphaned: number;
  };
  readonly coverage: readonly HourCoverage[];
  readonly notRead: readonly NotRead[];
  readonly queries: readonly QueryRecord[];
  readonly slices: readonly SliceRecord[];
  readonly inventory: readonly SecretInventoryEntry[];
  /** By the time when they came due. */
  readonly rotationsDue: readonly RotationDue[];
  readonly access: AccessRecord;
}
