import type { Attribution } from './attribution.ts';
import type { Finding } from './finding.ts';

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
  readonly ageDays: number;
  readonly reads: number;
  readonly lastReadAt: string | null;
}

/** The result of auditing one period: the input of the evidence room. */
export interface AuditedPeriod {
  readonly period: ReportingPeriod;
  readonly vaults: readonly string[];
  /** Rows in the slices, before any exclusion. */
  readonly rowsRead: number;
  readonly exclusions: readonly Exclusion[];
  /** Rows that are not audit rows, with the reason; never dropped silently. */
  readonly unreadableRows: readonly { readonly place: string; readonly reason: string }[];
  /** The population, ascending by `at`, each row with exactly one grade. Can be iterated again. */
  attributions(): AsyncIterable<Attribution>;
  readonly findings: readonly Finding[];
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
  readonly slices: readonly { readonly path: string; readonly sha256: string; readonly rows: number }[];
  readonly inventory: readonly SecretInventoryEntry[];
}
