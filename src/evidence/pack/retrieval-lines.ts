import type { Attribution } from '../../audit/model/attribution.ts';
import { canonicalObjects, canonicalRows } from '../../provenance/canonical-json.ts';
import { readerOf } from '../report/retrieval-tally.ts';
import { csvRow } from './csv-row.ts';
import type { LineMemory } from './line-memory.ts';

export const retrievalColumns = [
  'at',
  'vault',
  'secret',
  'version',
  'grade',
  'reason',
  'reader',
  'repository',
  'run',
  'job',
  'attempt',
  'operation',
  'status',
  'objectId',
  'applicationId',
  'person',
  'address',
  'client',
  'correlationId',
  'roleAssignment',
  'sources',
  'id',
] as const;

/**
 * Writes the line of `retrievals.ndjson`, which is the row of the log, its grade, and the evidence for the grade, as canonical
 * JSON; and that of `retrievals.csv`, in the order of `retrievalColumns`. Reads of one job differ in few places, so what is
 * between these is kept as bytes.
 */
export function writeRetrievals(lines: LineMemory, table: LineMemory): (attribution: Attribution) => void {
  const written: WrittenParts = { shared: canonicalObjects(), job: canonicalRows() };
  const frames: Frame[] = [];
  const frameOf = (attribution: Attribution): Frame => {
    for (const frame of frames) if (isFramedBy(attribution, frame.of)) return frame;
    // Jobs that run at one time take turns. What is outside of the heap is freed late, so its memory is used again.
    const left = frames.length < mostFrames ? undefined : frames.pop();
    const frame = createFrame(attribution, written, left?.bytes ?? Buffer.alloc(0));
    frames.unshift(frame);
    return frame;
  };
  return (attribution) => {
    const { retrieval: row, evidence } = attribution;
    const { bytes, ends } = frameOf(attribution);
    lines.copy(bytes, 0, ends[0] ?? 0);
    lines.write(row.at);
    lines.copy(bytes, ends[0] ?? 0, ends[1] ?? 0);
    lines.writeJson(row.correlationId);
    lines.copy(bytes, ends[1] ?? 0, ends[2] ?? 0);
    lines.writeJsonList(evidence);
    lines.copy(bytes, ends[2] ?? 0, ends[3] ?? 0);
    lines.write(row.id);
    lines.copy(bytes, ends[3] ?? 0, ends[4] ?? 0);
    lines.writeJson(row.requestedVersion);
    lines.copy(bytes, ends[4] ?? 0, ends[5] ?? 0);
    lines.writeJson(row.secret);
    lines.copy(bytes, ends[5] ?? 0, ends[6] ?? 0);
    lines.writeJson(row.version);
    lines.write('}\n');

    table.writeCell(row.at);
    table.copy(bytes, ends[6] ?? 0, ends[7] ?? 0);
    table.writeCell(row.secret);
    table.write(',');
    table.writeCell(row.version);
    table.copy(bytes, ends[7] ?? 0, ends[8] ?? 0);
    table.writeCell(row.correlationId);
    table.copy(bytes, ends[8] ?? 0, ends[9] ?? 0);
    table.writeCell(row.id);
    table.write('\n');
  };
}

const mostFrames = 4;
/** UTF-8 takes at most so many bytes for each unit of a text. */
const mostBytesEach = 3;

/** What is between the places in which the lines of these reads differ, for both files, and where each part of it ends. */
interface Frame {
  readonly of: Attribution;
  readonly bytes: Buffer;
  readonly ends: readonly number[];
}

/** Whether both reads have the same frame. */
function isFramedBy(one: Attribution, other: Attribution): boolean {
  const { retrieval: row } = one;
  const { retrieval: known } = other;
  return (
    one.job === other.job &&
    row.identity === known.identity &&
    one.grade === other.grade &&
    one.reason === other.reason &&
    (one.candidates === other.candidates || (one.candidates.length === 0 && other.candidates.length === 0)) &&
    row.client === known.client &&
    row.address === known.address &&
    row.vault === known.vault &&
    row.operation === known.operation &&
    row.kind === known.kind &&
    row.status === known.status &&
    row.statusDisagrees === known.statusDisagrees &&
    row.denial === known.denial &&
    row.receivedAt === known.receivedAt &&
    row.roleAssignment === known.roleAssignment &&
    row.sources === known.sources
  );
}

/** Canonical JSON. */
interface WrittenParts {
  /** Of what many jobs share. */
  readonly shared: (value: object) => string;
  readonly job: ReturnType<typeof canonicalRows>;
}

/** `memory`: used, if it is large enough. */
function createFrame(of: Attribution, written: WrittenParts, memory: Buffer): Frame {
  const parts = [...lineParts(of, written), ...cellParts(of)];
  const most = mostBytesEach * parts.reduce((sum, { length }) => sum + length, 0);
  const bytes = memory.length < most ? Buffer.allocUnsafeSlow(2 * most) : memory;
  const ends: number[] = [];
  for (const part of parts) {
    const from = ends.at(-1) ?? 0;
    ends.push(from + bytes.write(part, from));
  }
  return { of, bytes, ends };
}

function lineParts({ retrieval: row, grade, job, candidates, reason }: Attribution, written: WrittenParts) {
  const disagrees = row.statusDisagrees === undefined ? '' : `"statusDisagrees":${String(row.statusDisagrees)},`;
  const text = (one: string | null) => JSON.stringify(one);
  return [
    `{"address":${text(row.address)},"at":"`,
    `","candidates":${JSON.stringify(candidates)},"client":${text(row.client)},"correlationId":`,
    `,"denial":${text(row.denial)},"evidence":`,
    `,"format":${String(row.format)},"grade":"${grade}","id":"`,
    `","identity":${written.shared(row.identity)},"job":${job === null ? 'null' : written.job({ ...job })},"kind":"${row.kind}","operation":${text(row.operation)},"reason":${text(reason)},"receivedAt":${text(row.receivedAt)},"requestedVersion":`,
    `,"roleAssignment":${text(row.roleAssignment)},"secret":`,
    `,"sources":${written.shared(row.sources)},"status":${String(row.status)},${disagrees}"vault":${text(row.vault)},"version":`,
  ];
}

function cellParts(attribution: Attribution): readonly string[] {
  const { retrieval, grade, job, reason } = attribution;
  const { identity, vault, operation, status, address, client, roleAssignment, sources } = retrieval;
  const read = [
    grade,
    reason,
    readerOf(attribution),
    job?.repository ?? null,
    job?.runId ?? null,
    job?.jobId ?? null,
    job?.attempt ?? null,
    operation,
    status,
    identity.objectId,
    identity.applicationId,
    identity.userPrincipalName,
    address,
    client,
  ];
  return [`,${csvRow([vault])},`, `,${csvRow(read)},`, `,${csvRow([roleAssignment, sources.join(' ')])},`];
}
