import { parentPort, workerData } from 'node:worker_threads';
import { ServiceError } from '../service-error.ts';
import { produceFileReport } from './produce-file-report.ts';
import type { FileReportMessage, FileReportTask } from './report-files.ts';

/** A thread that reports files. `report-files.ts` of the same release starts it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `report-files.ts` set it
const { files, order, directory, environment, now } = workerData as FileReportTask;
const tell = (message: FileReportMessage): void => parentPort?.postMessage(message);

try {
  const say = (line: string): void => tell({ line });
  tell({ summary: await produceFileReport(files, order, { directory, environment, now: () => now, say }) });
} catch (fault) {
  tell(ServiceError.is(fault) ? { refused: { code: fault.code, details: fault.details } } : { fault });
}
