import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { filesOf } from '../audit/files/read-json-lines.ts';
import type { PackSummary } from '../evidence/pack/pack-archive.ts';
import { installedFile } from '../evidence/report/template-folder.ts';
import { type ErrorCode, type ErrorDetails, ServiceError } from '../service-error.ts';
import {
  type FileReportOrder,
  type FileReportRuntime,
  type FilesToReport,
  produceFileReport,
} from './produce-file-report.ts';

/** What a thread is told. */
export interface FileReportTask {
  readonly files: FilesToReport;
  readonly order: FileReportOrder;
  readonly directory: string;
  readonly environment: FileReportRuntime['environment'];
  readonly now: Date;
}

/** What a thread says: lines for people, then how it ended. */
export type FileReportMessage =
  | { readonly line: string }
  | { readonly summary: PackSummary }
  /** A `ServiceError`, whose class a message does not keep. */
  | { readonly refused: { readonly code: ErrorCode; readonly details: ErrorDetails[ErrorCode] } }
  | { readonly fault: unknown };

/** A smaller report is done before a thread has started. */
const smallBytes = 64 << 20;

/**
 * Of a report of 1.2 M reads, Node's young generation took 128 MB, a quarter of the memory: with a limit of 24 MB a report
 * takes a fiftieth more time. Only a thread can have a limit of its own.
 */
const young = { maxYoungGenerationSizeMb: 24 };

/**
 * What such a report keeps takes 60 MB. With a limit of gigabytes V8 lets garbage become twice as much before it looks for it,
 * with this one much less.
 */
const limited = { ...young, maxOldGenerationSizeMb: 1024 };

/**
 * Reports audit records from files, as `produceFileReport` does: many of them in a thread of its own, which takes less
 * memory. @throws ServiceError as `produceFileReport`.
 */
export async function reportFiles(
  files: FilesToReport,
  order: FileReportOrder,
  runtime: FileReportRuntime,
): Promise<PackSummary> {
  const isSmall = (await bytesOf(resolve(runtime.directory, files.retrievals))) < smallBytes;
  return await (isSmall ? produceFileReport : reportInThread)(files, order, runtime);
}

/**
 * The same, always in a thread. One whose files need more than the limit, such as millions of rows that cannot be read, is
 * begun once more without it: files of the pack that are there already have the same bytes.
 */
export async function reportInThread(
  files: FilesToReport,
  order: FileReportOrder,
  { directory, environment, now, say }: FileReportRuntime,
  run: typeof runThread = runThread,
): Promise<PackSummary> {
  const task: FileReportTask = { files, order, directory, environment: { ...environment }, now: now() };
  let said = 0;
  try {
    return await run(task, limited, (line) => {
      said += 1;
      say(line);
    });
  } catch (fault) {
    if (!isOutOfMemory(fault)) throw fault;
  }
  let again = 0;
  return await run(task, young, (line) => {
    again += 1;
    if (again > said) say(line);
  });
}

function isOutOfMemory(fault: unknown): boolean {
  return fault instanceof Error && 'code' in fault && fault.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** Reports in a thread, whose temporary files are removed however it ends. */
async function runThread(task: FileReportTask, resourceLimits: ResourceLimits, say: FileReportRuntime['say']) {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-thread-'));
  const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder };
  const worker = new Worker(workerFile(), { workerData: task, resourceLimits, env });
  try {
    return await new Promise<PackSummary>((done, refuse) => {
      worker.on('message', (message: FileReportMessage) => {
        if ('line' in message) say(message.line);
        else if ('summary' in message) done(message.summary);
        else if ('refused' in message) refuse(new ServiceError(message.refused.code, message.refused.details));
        else refuse(message.fault);
      });
      worker.on('error', refuse);
      worker.on('exit', (code) => refuse(new Error(`the thread of the report ended with ${String(code)}`)));
    });
  } finally {
    await worker.terminate();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The size of a file or folder of rows. A path that cannot be read is refused by those who read it. */
async function bytesOf(path: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const file of filesOf(path)) bytes += (await stat(file)).size;
  } catch {
    return 0;
  }
  return bytes;
}

/** The thread beside this module, or in a bundle the one among its chunks. */
function workerFile(): URL {
  if (import.meta.url.endsWith('.ts')) return new URL('file-report-worker.ts', import.meta.url);
  return pathToFileURL(installedFile('file-report-worker.js', 'chunks/file-report-worker.js'));
}
