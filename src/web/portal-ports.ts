import type { Grade } from '../audit/model/attribution.ts';
import type { DeletedReads } from '../audit/model/deleted-reads.ts';
import type { Finding } from '../audit/model/finding.ts';
import type { FindingLife, FindingStep } from '../audit/model/finding-life.ts';
import type { Person } from '../provenance/person.ts';
import type { RetentionOnRecord } from '../retention/history/retention-of-period.ts';
import type { RetentionKindName } from '../retention/retention-kinds.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';

/** One rotation, as the portal lists it: its history, and what a person may do with it now. */
export interface ListedRotation
  extends Pick<
    RotationHistory,
    | 'rotationId'
    | 'vault'
    | 'secret'
    | 'state'
    | 'trigger'
    | 'askedBy'
    | 'reason'
    | 'asks'
    | 'emergency'
    | 'claimedAt'
    | 'fromVersion'
    | 'publishedVersion'
    | 'publication'
    | 'publishedAt'
    | 'oldValue'
    | 'newValue'
    | 'failure'
    | 'note'
    | 'approvals'
    | 'declines'
  > {
  readonly environment: string | null;
  /** What the newest failure said of itself; `null` without one. */
  readonly diagnosis: string | null;
  /** What waits for a person's word; `null` if nothing does. A `go`, for a first rotation, needs no second person. */
  readonly awaits: 'publish' | 'revoke' | 'go' | null;
  /** What an approver must weigh before a credential ends: codes, names, times. */
  readonly waitsFor: readonly string[];
}

/** How a secret is: the first of these that applies. Overdue, failed and waiting ones are for people. */
export const healths = [
  'overdue',
  'needs-attention',
  'waits-for-a-person',
  'disabled',
  'no-end',
  'due-soon',
  'rotating',
  'good',
] as const;

export type Health = (typeof healths)[number];

/** Who replaces a secret. `own`: one of Keyturn itself. `vault-certificate`: the vault, with its certificate, whatever the policy says. */
export const bindings = ['bound', 'tracked', 'not-bound', 'vault-certificate', 'own'] as const;

export type Binding = (typeof bindings)[number];

/** One secret as the portal lists it: from the newest inventory, the policy, the journals and the log. Never a value. */
export interface ListedSecret {
  readonly vault: string;
  readonly secret: string;
  readonly environment: string | null;
  readonly owner: string | null;
  readonly binding: Binding;
  readonly issuer: string | null;
  /** Of the newest version; `null` for a secret that the policy names and no vault has. */
  readonly version: string | null;
  readonly created: string | null;
  readonly expires: string | null;
  /** When a version must be replaced: its expiry or the end of the policy's validity. */
  readonly due: string | null;
  readonly lastRotatedAt: string | null;
  /** `null` also while the log has not been read. */
  readonly lastReadAt: string | null;
  readonly reads: number;
  readonly health: Health;
}

/** What is known to come, of a secret. */
export interface Upcoming {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly vault: string;
  readonly secret: string;
  /** Completes a sentence that begins with the secret: `must be replaced by a person`. */
  readonly says: string;
}

/** One version that journals, inventory or log know. */
export interface ListedVersion {
  readonly version: string;
  readonly publishedAt: string | null;
  /** `null`: no rotation of Keyturn published it. */
  readonly rotationId: string | null;
  /** What became of it, in words. */
  readonly standing: string;
}

/** One identity that could read the secret at the newest look. */
interface PossibleReader {
  readonly principalId: string;
  /** What the policy knows it as, such as `runner`; `null` if it does not know it. */
  readonly knownAs: string | null;
  readonly verdict: string;
  readonly grants: readonly { readonly role: string; readonly reach: string; readonly group: string | null }[];
}

export interface SecretDetail {
  readonly secret: ListedSecret;
  /** The policy about it, one plain sentence each. */
  readonly policy: readonly string[];
  readonly upcoming: readonly Upcoming[];
  /** Newest first. */
  readonly versions: readonly ListedVersion[];
  readonly rotations: readonly ListedRotation[];
  /** `null`: nobody looked at the grants, or they were not seen. */
  readonly possibleReaders: { readonly at: string; readonly readers: readonly PossibleReader[] } | null;
}

/** One read of the population, with its grade. */
export interface ListedRead {
  readonly id: string;
  readonly at: string;
  readonly vault: string;
  readonly secret: string;
  readonly version: string | null;
  readonly grade: Grade;
  /** `owner/name run/job.attempt`; `null` if the read is tied to no job. */
  readonly job: string | null;
  /** The person's user name, or else the object id; `null` if no person read. */
  readonly person: string | null;
  /** Object id of the caller. */
  readonly identity: string | null;
  readonly address: string | null;
  readonly correlationId: string | null;
  readonly reason: string;
}

export interface ListedFinding extends Finding {
  readonly life: FindingLife;
}

/** What the audit of a span of time came to. */
export interface AuditedSpan {
  /** Half-open, ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
  /** When it was audited. */
  readonly at: string;
  /** By risk: high before low, the newest of equal ones first. */
  readonly findings: readonly ListedFinding[];
  /** Newest first. */
  readonly reads: readonly ListedRead[];
  /** Older reads that are not among `reads`, because there are too many. */
  readonly leftOut: number;
  /** Hours without the canary's row, or whose rows were not read, newest first. */
  readonly gaps: readonly { readonly hour: string; readonly state: 'gap' | 'not-read' }[];
  /** What of the span's evidence was deleted: rows are not among `reads`, and without jobs and receipts reads may be tied to nothing. */
  readonly deleted: readonly DeletedReads[];
  /** Hours since the first canary read of the span: those that could be gaps. */
  readonly hours: number;
}

/** How a source of evidence is. */
export interface SourceHealth {
  readonly what: string;
  readonly state: 'good' | 'late' | 'failed' | 'off';
  /** A sentence with times and codes. */
  readonly says: string;
}

/** One line of `keyturn doctor`. */
export interface SetupCheck {
  readonly what: string;
  readonly verdict: 'pass' | 'warn' | 'fail';
  readonly says: string;
  readonly command: string | null;
}

/** What a person decides about a finding. */
export interface FindingDecision extends Pick<FindingStep, 'finding' | 'kind' | 'text' | 'owner' | 'due' | 'ticket'> {
  readonly by: Person;
  /** The last day of an acceptance, `2026-03-31`; `null` for other decisions. */
  readonly lastDay: string | null;
}

/** One download of a file of a pack. */
export interface Download {
  readonly at: string;
  readonly by: Person;
  readonly pack: string;
  readonly file: string;
}

/** What a check of a sealed pack came to. */
interface PackCheck {
  readonly intact: boolean;
  readonly fingerprint: string | null;
  readonly files: number;
  readonly faults: readonly string[];
}

/** One exception of a sealed pack, as a comparison names it. */
type DifferingFinding = Pick<Finding, 'id' | 'severity' | 'description'>;

/** How a pack differs from an earlier one: exceptions of the same rule and subject count as the same. */
export interface PackDifference {
  readonly earlier: string;
  readonly added: readonly DifferingFinding[];
  readonly recurring: readonly DifferingFinding[];
  readonly fixed: readonly DifferingFinding[];
  /** Controls whose result differs; `null`: a pack does not report on the control. */
  readonly controls: readonly {
    readonly control: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

/** How long one kind of record is kept. */
export interface KeptKind {
  readonly kind: RetentionKindName;
  /** What it holds, in words. */
  readonly holds: string;
  /** Such as `1095d`; `null`: for ever. */
  readonly keep: string | null;
}

/** Rules of retention, with what was deleted by them and what is held. */
export interface KeptRecords extends RetentionOnRecord {
  readonly kinds: readonly KeptKind[];
}

/** What the portal shows and records. Each rejects with a ServiceError if it could not read or act. */
export interface PortalPorts {
  secrets(): Promise<readonly ListedSecret[]>;
  /** `null`: neither a vault nor the policy has it. */
  secret(name: { readonly vault: string; readonly secret: string }): Promise<SecretDetail | null>;
  /** What comes within so many days, soonest first. */
  upcoming(days: number): Promise<readonly Upcoming[]>;
  /**
   * What the audit of a span came to; without a span, of the last ninety days, at most some minutes old. `null` while it is being made for
   * the first time.
   */
  audited(span?: { readonly from: Date; readonly to: Date }): Promise<AuditedSpan | null>;
  sources(): Promise<readonly SourceHealth[]>;
  /** What `keyturn doctor` finds, and when it looked. */
  setup(): Promise<{ readonly at: string; readonly checks: readonly SetupCheck[] }>;
  /** How long records are kept, what was deleted, and what is held. */
  retention(): Promise<KeptRecords>;
  /** What a request for a rotation would do, in sentences. Changes nothing. */
  planRotation(secret: string): Promise<{ readonly sentences: readonly string[]; readonly isRefused: boolean }>;
  /** Records a decision. @throws ServiceError `FINDING_DECISION_REFUSED` for one that cannot be, such as an acceptance until a day that is over. */
  decideFinding(decision: FindingDecision): Promise<void>;
  /** Records a download before its first byte leaves. */
  recordDownload(download: Omit<Download, 'at'>): Promise<void>;
  /** Newest first. */
  downloads(pack: string): Promise<readonly Download[]>;
  /** Checks every byte of a pack of the archive. `null` if it does not exist. */
  checkPack(pack: string): Promise<PackCheck | null>;
  /** A pack against the one before it; `null` if there is none before it. */
  comparePack(pack: string): Promise<PackDifference | null>;
}
