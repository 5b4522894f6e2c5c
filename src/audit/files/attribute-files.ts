import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { emptyPolicy, type Policy } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';
import { createAttributor } from '../attribution/attribute-retrievals.ts';
import type { Attribution, Grade } from '../model/attribution.ts';
import { unwrapAuditRows } from './unwrap-audit-rows.ts';
import type { Job } from '../model/job.ts';
import { jobName } from '../model/job-name.ts';
import { parseAuditRow } from '../parsing/parse-audit-row.ts';
import { readJobFile } from './read-job-file.ts';
import { readJsonLines } from './read-json-lines.ts';
import { type FiledReceipt, readReceiptFile } from './read-receipt-file.ts';
import type { LedgerReceipt } from '../collection/receipt-ledger.ts';
import type { OperationKind } from '../model/retrieval.ts';

/** The files to join. Without jobs, receipts or a policy the result says what is missing. */
export interface FilesToAttribute {
  /** A file of rows, or a folder of such files: AZKVAuditLogs, AzureDiagnostics, archive records, or `{"record": …}`. */
  readonly retrievals: string;
  /** One `Job` per line. */
  readonly jobs?: string | null;
  /**
   * One receipt per line, bare (as found in a log), or in the ledger's form for posted ones: `{"postedAt", "receipt"}`.
   */
  readonly receipts?: string | null;
  readonly policy?: Policy;
  /** The output file or stream; defaults to standard output. */
  readonly out?: string | Writable | null;
}

export interface AttributedFiles {
  /** All rows, parsed or not. */
  readonly rows: number;
  /** Rows that disclosed a value, and so were attributed. */
  readonly attributed: number;
  readonly kinds: Readonly<Partial<Record<OperationKind, number>>>;
  readonly grades: Readonly<Partial<Record<Grade, number>>>;
  readonly unreadable: number;
  /** The first rows that could not be parsed, with place and reason. */
  readonly unreadableRows: readonly { readonly place: string; readonly reason: string }[];
  /** What keeps rows from a better grade, in plain words. Empty if nothing does. */
  readonly lacks: readonly string[];
}

const mostShown = 100;
/** Lines are written in chunks of this many characters, because one write per line would cost more than the join. */
const pieceLength = 1 << 16;

/**
 * Joins files: writes one line for each row that disclosed a value, in the order of the rows, with `id`, `grade`, `job`
 * or `candidates`, `reason` and `evidence`. Rows stream; jobs and receipts are held in memory. A row that occurs in
 * several files is written each time, with the same id.
 * @throws ServiceError `RECORD_UNREADABLE` for a file that cannot be opened, or an invalid job or receipt, with its
 * place; `OUTPUT_NOT_WRITTEN`.
 */
export async function attributeFiles(files: FilesToAttribute): Promise<AttributedFiles> {
  const jobs = await readJobFile(files.jobs ?? null);
  const receipts = (await readReceiptFile(files.receipts ?? null)).map(toLedgerReceipt);
  const policy = files.policy ?? emptyPolicy;
  const attributor = createAttributor({ policy, jobs, receipts, rotations: [] });
  const kinds: Partial<Record<OperationKind, number>> = {};
  const grades: Partial<Record<Grade, number>> = {};
  const unreadableRows: { readonly place: string; readonly reason: string }[] = [];
  const counts = { rows: 0, attributed: 0, unreadable: 0 };
  const writer = await createWriter(files.out ?? null);

  const refuse = (place: string, reason: string) => {
    counts.unreadable += 1;
    if (unreadableRows.length < mostShown) unreadableRows.push({ place, reason });
  };
  for await (const piece of readJsonLines(files.retrievals)) {
    if ('fault' in piece) {
      counts.rows += 1;
      refuse(piece.place, piece.fault);
      continue;
    }
    for (const row of unwrapAuditRows(piece.value)) {
      counts.rows += 1;
      const parsed = parseAuditRow(row, piece.place);
      if (parsed.outcome === 'refused') {
        refuse(parsed.place, parsed.reason);
        continue;
      }
      const { retrieval } = parsed;
      kinds[retrieval.kind] = (kinds[retrieval.kind] ?? 0) + 1;
      if (retrieval.kind !== 'read') continue;
      const attribution = attributor.attribute(retrieval);
      counts.attributed += 1;
      grades[attribution.grade] = (grades[attribution.grade] ?? 0) + 1;
      // Waiting only after a chunk was written saves one turn of the event loop per row.
      const pressure = writer.add(toLine(attribution));
      if (pressure !== null) await pressure;
    }
  }
  await writer.end();
  return { ...counts, kinds, grades, unreadableRows, lacks: describeMissingInputs({ jobs, receipts, policy }) };
}

function toLine({ retrieval, grade, job, candidates, reason, evidence }: Attribution): string {
  const name = job === null ? null : jobName(job);
  return `${JSON.stringify({ id: retrieval.id, grade, job: name, candidates, reason, evidence })}\n`;
}

function describeMissingInputs(given: {
  readonly jobs: readonly Job[];
  readonly receipts: readonly LedgerReceipt[];
  readonly policy: Policy;
}): string[] {
  return [
    ...(given.jobs.length === 0 ? ['No jobs were given, so no read can be tied to a job.'] : []),
    ...(given.receipts.length === 0
      ? ['No receipts were given, so no read can be better than inferred or claimed.']
      : []),
    ...(given.policy.identities.size === 0
      ? ['No policy names the identities of runners, so no read can be better than claimed.']
      : []),
  ];
}

/** A bare receipt proves only that some log contained it; a posted one has the ledger's record. */
function toLedgerReceipt({ receipt, postedAt, place }: FiledReceipt): LedgerReceipt {
  const posted = postedAt !== null;
  return {
    receipt,
    channel: posted ? 'posted' : 'logged',
    log: posted ? null : receipt.job,
    reference: `receipt ${place}`,
  };
}

interface LineWriter {
  /** Returns `null` if the caller need not wait. */
  add(line: string): Promise<unknown> | null;
  end(): Promise<void>;
}

/** @throws ServiceError `OUTPUT_NOT_WRITTEN` for a file that cannot be opened or written to. */
async function createWriter(out: string | Writable | null): Promise<LineWriter> {
  const write = typeof out === 'string' ? await fileWriter(out) : streamWriter(out ?? process.stdout);
  let piece = '';
  const flush = () => {
    const whole = piece;
    piece = '';
    return write(whole);
  };
  return {
    add(line) {
      piece += line;
      return piece.length < pieceLength ? null : flush();
    },
    async end() {
      if (piece !== '') await flush();
      await write(null);
    },
  };
}

/** Writes a piece; `null` is the end. */
type WritePiece = (piece: string | null) => Promise<unknown> | null;

async function fileWriter(path: string): Promise<WritePiece> {
  const attempt = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    try {
      return await act();
    } catch (cause) {
      const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : null;
      const reason = typeof code === 'string' ? code : 'unknown';
      throw new ServiceError('OUTPUT_NOT_WRITTEN', { path, reason }, { cause });
    }
  };
  const file = await attempt(async () => await open(path, 'w'));
  return (piece) => attempt(async () => (piece === null ? await file.close() : await file.appendFile(piece)));
}

/** Does not end the stream, because the caller owns it. */
function streamWriter(stream: Writable): WritePiece {
  return (piece) => (piece === null || stream.write(piece) ? null : once(stream, 'drain'));
}
