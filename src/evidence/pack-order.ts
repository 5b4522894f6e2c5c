import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { RetentionOnRecord } from '../retention/history/retention-of-period.ts';
import type { JournalLines } from '../rotation/history/read-journal-lines.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import type { AuditOfPeriod } from './pack/observe-period.ts';
import type { PackSummary } from './pack/pack-archive.ts';
import type { Signer } from './pack/signer.ts';
import type { Software } from './report/report-material.ts';
import type { OwnControls } from './report/own-controls.ts';
import type { Framework, PreviousPack } from './report/report-model.ts';

/** The inputs of one pack. */
export interface PackOrder {
  readonly period: ReportingPeriod;
  /** Audits the period; called once. */
  readonly audit: AuditOfPeriod;
  readonly rotations: readonly RotationHistory[];
  /** The journals of rotations and of the broker; called once, and absent where there are none. */
  readonly journals?: () => AsyncIterable<JournalLines>;
  /** What was deleted by rules of retention, and what was held; absent where nothing ever is. */
  readonly retention?: RetentionOnRecord;
  readonly signer: Signer;
  /** The archive; `null` if the pack only goes to a folder and is not chained. */
  readonly records: RecordStore | null;
  readonly now: Date;
  readonly organisation: string;
  /** What is reported on, beside the vaults: `Gitea at https://gitea.example.org`; absent if nothing is configured. */
  readonly system?: string;
  /** Who may approve a rotation, in a sentence; absent if nothing is known of it. */
  readonly roster?: string;
  /** What the operator says of the controls; `null` without `keyturn.controls.yml`. */
  readonly controls?: OwnControls | null;
  /** Whether it reports on the embedded cloud. */
  readonly synthetic: boolean;
  readonly frameworks: readonly Framework[];
  readonly software: Software;
  /** A further folder for the pack. */
  readonly out?: string;
  /** The pack of the archive that this one amends; absent for the first pack of a period. */
  readonly amends?: PackSummary;
  /** The newest pack of an earlier period, which this one is compared with; `null` if there is none. */
  readonly previous?: PreviousPack | null;
  /** Amendments of other periods since the report before this one, a sentence each. */
  readonly amendments?: readonly string[];
}
