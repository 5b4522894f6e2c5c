import type { AuditedPeriod, ReportingPeriod } from '../../audit/model/audited-period.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { TestOutcomes } from '../tests/run-control-tests.ts';
import type { ControlCatalogue } from './control-catalogue.ts';
import type { PackFileLine, PreviousPack, ReportModel } from './report-model.ts';
import type { RetrievalTally } from './retrieval-tally.ts';

/** The most rows of a table in HTML and PDF; beyond this, readers search the data files instead. */
export const rowCap = 1_000;

export interface Software {
  readonly version: string;
  /** Further facts about the build, such as its commit; printed unchanged. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What a report is built from. */
export interface ReportMaterial {
  readonly period: ReportingPeriod;
  readonly audited: AuditedPeriod;
  readonly rotations: readonly RotationHistory[];
  readonly tally: RetrievalTally;
  readonly outcomes: TestOutcomes;
  readonly catalogue: ControlCatalogue;
  readonly organisation: string;
  readonly system?: string;
  readonly roster?: string;
  readonly synthetic: boolean;
  readonly software: Software;
  readonly fingerprint: string;
  readonly now: Date;
  readonly files: readonly PackFileLine[];
  readonly dataManifestSha256: string;
  /** The pack of an earlier period that it is compared with; `null` if there is none. */
  readonly previous: PreviousPack | null;
  /** What this pack amends; `null` if it is the first of its period. */
  readonly amends: ReportModel['amends'];
  /** Amendments of other periods since the report before this one. */
  readonly amendments: ReportModel['amendments'];
}
