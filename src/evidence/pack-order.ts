import type { AuditedPeriod, ReportingPeriod } from '../audit/model/audited-period.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import type { Signer } from './pack/signer.ts';
import type { Software } from './report/build-report-model.ts';
import type { Framework } from './report/report-model.ts';

/** What a pack is made of, and for whom. */
export interface PackOrder {
  readonly period: ReportingPeriod;
  readonly audited: AuditedPeriod;
  readonly rotations: readonly RotationHistory[];
  readonly signer: Signer;
  /** The archive; `null` when the pack goes to a folder alone and is chained to nothing. */
  readonly records: RecordStore | null;
  readonly now: Date;
  readonly organisation: string;
  /** Whether what it reports is the embedded cloud's. */
  readonly synthetic: boolean;
  readonly frameworks: readonly Framework[];
  readonly software: Software;
  /** A folder to write the pack into as well. */
  readonly out?: string;
}
