import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
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
 * Of a report of 1.2 M reads, Node's young generation took 128 MB, a quarter of the memory. With this limit a report takes
 * a fiftieth more time. Only a thread can have a limit of its own.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 24 };

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

/** The same, always in a thread. */
export async function reportInThread(
  files: FilesToReport,
  order: FileReportOrder,
  { directory, environment, now, say }: FileReportRuntime,
): Promise<PackSummary> {
  const task: FileReportTask = { files, order, directory, environment: { ...environment }, now: now() };
  const worker = new Worker(workerFile(), { workerData: task, resourceLimits });
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
