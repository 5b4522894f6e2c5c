import type { Grade, gradeGroups } from '../../audit/model/attribution.ts';
import type { FindingLife } from '../../audit/model/finding-life.ts';
import type { Finding } from '../../audit/model/finding.ts';
import type { ComparedFinding, SinceEarlier } from './compare-findings.ts';

export type Framework = 'soc2' | 'iso27001';
export type PackStatus = 'final' | 'provisional';
export type GradeGroup = keyof typeof gradeGroups;

/** One formatted row of a table of reads. */
export interface ReadLine {
  readonly at: string;
  readonly secret: string;
  readonly version: string;
  readonly grade: Grade;
  /** The job, the person or the identity that read; for `ambiguous` every candidate. */
  readonly who: string;
  /** First digits of the role assignment that allowed the read; `null` if the log does not state it. */
  readonly grant: string | null;
  readonly reason: string;
  readonly id: string;
  /** The server's request id in Azure's log; `null` if the row has none. */
  readonly correlationId: string | null;
}

/** Rows of a long table, and the total: if `rows` has fewer than `total`, the note names the file that contains all. */
export interface Capped<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
  /** `1,000 of 1,200,000; all in retrievals.ndjson`, or `null` if the table is complete. */
  readonly note: string | null;
}

interface GradeLine {
  readonly grade: Grade;
  readonly group: GradeGroup;
  readonly count: number;
  readonly forgers: string;
  /** The reasons with their counts, most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}

export interface ExceptionLine {
  readonly id: string;
  readonly rule: string;
  readonly severity: Finding['severity'];
  readonly subject: string;
  readonly description: string;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly count: number;
  readonly evidence: readonly string[];
  readonly evidenceTotal: number;
  /** `2026-03-05 09:00:00 UTC, kv-prod/token@…`; `null` for an event, and while it lasts. */
  readonly ended: string | null;
  /** `open`, `accepted by ann until …: why`, `fixed by …`, `recurred after …`. */
  readonly standing: string;
  /** The same as words that programs read. `due`: a day; `response`: of management. */
  readonly life: Pick<FindingLife, 'state' | 'due' | 'response'>;
  /** How it stands to the previous pack; `null` if there is none to compare with. */
  readonly since: SinceEarlier | null;
  /** Owner, due day, ticket and the response of management, as far as they are on record. */
  readonly followUp: string;
  readonly controls: readonly string[];
}

/**
 * The result of one control test: its question, its population and the file that holds it, the number tested, the
 * deviations in the same unit, and what was not tested and why. `tested` and what was not add up to the population.
 */
export interface ObservationResult {
  readonly id: string;
  readonly title: string;
  readonly method: 'TEST' | 'EXAMINE';
  readonly frequency: string;
  readonly procedure: string;
  /** What an event is held against; `null` if there is nothing. */
  readonly criterion: string | null;
  /** `counted`: what of the file is counted; `null` if it is each of its rows. */
  readonly population: {
    readonly name: string;
    readonly count: number;
    readonly file: string;
    readonly counted: string | null;
  };
  readonly tested: number;
  readonly unit: string;
  /** Deviations: events of the population, in the unit of `tested`. */
  readonly exceptions: number;
  /** `3.2 %` of those tested; `null` if none was tested. */
  readonly rate: string | null;
  /** The first deviations. All are in `deviations.ndjson`. */
  readonly deviations: readonly {
    readonly event: string;
    readonly at: string;
    readonly subject: string;
    readonly why: string;
  }[];
  /** Ids of the findings that count as its exceptions. */
  readonly findings: readonly string[];
  /** Why nothing, or not everything, was tested; `null` if everything was. */
  readonly notTested: string | null;
  /** `Tested 412 reads. Exceptions: 3.` */
  readonly statement: string;
}

/** One row of the control matrix: one test with all controls that rest on it. */
export interface MatrixLine {
  readonly test: ObservationResult;
  readonly result: 'exception' | 'not tested' | 'no exception';
  /** Ids of the frameworks, in their order. */
  readonly controls: readonly string[];
  /** The operator's own ids. */
  readonly ownIds: readonly string[];
}

export interface ControlResult {
  readonly id: string;
  /** The operator's own ids; empty if none is mapped. */
  readonly ownIds: readonly string[];
  readonly description: string;
  readonly owner: string;
  readonly frequency: string;
  /** What the operator must do, because Keyturn cannot. */
  readonly customer: string;
  readonly tests: readonly { readonly why: string; readonly observation: ObservationResult }[];
  readonly exceptions: number;
  readonly notTested: string | null;
  readonly statement: string;
}

export interface FrameworkSection {
  readonly note: string;
  /** `own`: controls that the operator adds. */
  readonly framework: Framework | 'own';
  readonly title: string;
  readonly controls: readonly ControlResult[];
  /** Controls that the operator leaves out, each with the reason. */
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
}

export interface RotationLine {
  readonly id: string;
  readonly secret: string;
  readonly issuer: string;
  /** What started it; for a person, who and why. */
  readonly asked: string;
  readonly emergency: boolean;
  readonly claimedAt: string;
  readonly state: string;
  readonly fromVersion: string;
  readonly publishedVersion: string;
  /** A time, or `not yet`, `never`, `not known`. */
  readonly publishedAt: string;
  readonly verifiedAt: string;
  readonly revokedAt: string;
  readonly oldValue: string;
  readonly failure: string | null;
  /** An explanation of a rotation with an unusual course. */
  readonly note: string | null;
  readonly approvals: string;
  /** Further places with the time when each was given the value; empty if there are none. */
  readonly places: string;
  readonly head: string;
}

export interface SecretLine {
  readonly secret: string;
  readonly version: string;
  readonly environment: string;
  readonly issuer: string;
  readonly created: string;
  readonly expires: string;
  readonly ageDays: number;
  readonly validityDays: number | null;
  /** `within policy`, `due soon`, `past policy` or `no policy`. */
  readonly standing: SecretStanding;
  readonly reads: number;
  readonly lastReadAt: string;
}

export type SecretStanding = 'within policy' | 'due soon' | 'past policy' | 'no policy' | 'disabled';

/** One bar of the chart of reads: a day, or a week in a long period. Counts by grade. */
export interface ReadsBar {
  readonly from: string;
  readonly days: number;
  readonly counts: Readonly<Partial<Record<Grade, number>>>;
  readonly total: number;
}

/** One day of the calendar; `hours` are 24 letters: `c` covered, `g` gap, `n` not read, `-` outside the period. */
export interface CoverageDay {
  readonly day: string;
  readonly hours: string;
}

export interface PackFileLine {
  readonly path: string;
  readonly description: string;
  readonly bytes: number;
  readonly rows: number | null;
  readonly sha256: string;
}

/** The pack of an earlier period that this one is compared with. */
export interface PreviousPack {
  readonly pack: string;
  readonly label: string;
  readonly createdAt: string;
  /** `null` if its files cannot be read; `why` says so. */
  readonly findings: readonly ComparedFinding[] | null;
  readonly why: string | null;
}

/** A part of a sentence, and the place on the page that has its rows. */
export interface LinkedText {
  readonly text: string;
  /** `#provenance`; `null` for a part that leads nowhere. */
  readonly href: string | null;
}

/** A number with its denominator, the parts that it is made of, and where its rows are. */
export interface Figure {
  readonly name: string;
  readonly count: number;
  readonly of: number;
  /** What `of` counts: `reads`. */
  readonly unit: string;
  /** `97.5 %`; `–` if there is nothing. */
  readonly share: string;
  readonly description: string;
  readonly href: string;
}

/** What changed since the previous pack. */
interface ChangesSincePrevious {
  readonly new: number;
  readonly recurring: number;
  readonly fixed: number;
  /** Open in the previous pack, without an end on record and without a further event. */
  readonly notSeenAgain: Capped<Pick<ComparedFinding, 'id' | 'severity' | 'subject' | 'description'>>;
}

/** The origin of the numbers: what an auditor calls information produced by the entity. */
interface Provenance {
  readonly vaults: readonly string[];
  readonly software: readonly { readonly name: string; readonly value: string }[];
  readonly queries: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly text: string;
    readonly rows: number;
    readonly controlTotal: string;
    readonly file: string;
  }[];
  /** The file of the pack that has every row of every step. */
  readonly exclusionsFile: string;
  readonly waterfall: readonly { readonly step: string; readonly removed: number | null; readonly left: number }[];
  /** Whether rows read minus exclusions equals the population. If not, the report says so. */
  readonly waterfallAddsUp: boolean;
  readonly slices: Capped<{ readonly path: string; readonly rows: number; readonly sha256: string }>;
  readonly receipts: {
    readonly posted: number;
    readonly logged: number;
    readonly matched: number;
    readonly orphaned: number;
  };
  readonly jobs: number;
  readonly unreadableRows: Capped<{ readonly place: string; readonly reason: string }>;
}

/**
 * One complete report as JSON. HTML, PDF and OSCAL are rendered only from this model, so that they cannot disagree.
 * Times are text in UTC; numbers are exact; `visibleText` has been applied to every external string.
 */
export interface ReportModel {
  readonly format: 1;
  readonly organisation: string;
  readonly synthetic: boolean;
  readonly status: PackStatus;
  readonly statusReasons: readonly string[];
  /** The pack that this one amends, and how many of its reads changed; `null` if it is the first of its period. */
  readonly amends: {
    readonly pack: string;
    readonly arrived: number;
    readonly left: number;
    readonly regraded: number;
    /** All of it in words. */
    readonly description: string;
  } | null;
  /** Amendments of other periods since the report before this one, a sentence each. */
  readonly amendments: readonly string[];
  /** What this report is of: one line each; `exact` values are for copying. */
  readonly identity: readonly { readonly name: string; readonly value: string; readonly exact: boolean }[];
  /** What was in scope, as parts of one sentence, each with a count. */
  readonly scope: readonly LinkedText[];
  readonly figures: {
    /** Reads by strength of the tie, the strongest first; the counts add up to all reads. */
    readonly strength: readonly (Figure & { readonly group: GradeGroup })[];
    readonly persons: Figure;
    readonly oldValues: Figure;
    readonly hours: Figure;
  };
  readonly matrix: readonly MatrixLine[];
  /** The pack of an earlier period; `null` if the archive has none. */
  readonly previous: { readonly pack: string; readonly made: string; readonly why: string | null } | null;
  /** `null` if there is nothing to compare with. */
  readonly changes: ChangesSincePrevious | null;
  readonly label: string;
  readonly from: string;
  readonly to: string;
  readonly periodText: string;
  readonly createdAt: string;
  readonly createdText: string;
  readonly fingerprint: string;
  readonly reads: {
    readonly total: number;
    readonly groups: readonly {
      readonly group: GradeGroup;
      readonly count: number;
      readonly share: string;
      readonly description: string;
    }[];
    readonly grades: readonly GradeLine[];
    readonly bars: readonly ReadsBar[];
    readonly toLookAt: Capped<ReadLine>;
    readonly all: Capped<ReadLine>;
    readonly readers: Capped<{
      readonly secret: string;
      readonly reader: string;
      readonly count: number;
      readonly lastAt: string;
    }>;
  };
  readonly exceptions: {
    readonly total: number;
    readonly bySeverity: Readonly<Record<Finding['severity'], number>>;
    readonly listed: Capped<ExceptionLine>;
    /** Tests with deviations that are none of these; `null` if there are none. */
    readonly elsewhere: string | null;
  };
  /** What the looks at Azure's own settings did not see, each with the reason. */
  readonly notSeen: readonly string[];
  readonly notRead: readonly {
    readonly what: string;
    readonly when: string;
    readonly why: string;
    readonly state: string;
  }[];
  readonly frameworks: readonly FrameworkSection[];
  readonly rotations: {
    readonly published: number;
    /** Who may approve, as the settings say it at the time of the report; `null` if nothing is known of it. */
    readonly roster: string | null;
    readonly ends: readonly { readonly end: string; readonly count: number }[];
    readonly listed: Capped<RotationLine>;
  };
  readonly secrets: Capped<SecretLine>;
  readonly coverage: {
    readonly covered: number;
    readonly gaps: number;
    readonly notRead: number;
    readonly days: readonly CoverageDay[];
    readonly gapHours: Capped<{ readonly hours: string; readonly state: string }>;
  };
  readonly provenance: Provenance;
  /** The data files of the pack; empty before they are written. */
  readonly files: readonly PackFileLine[];
  /** sha256 of `data-manifest.json`; empty before it is written. */
  readonly dataManifestSha256: string;
}
