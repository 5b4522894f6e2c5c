import { Worker } from 'node:worker_threads';
import { ServiceError } from '../service-error.ts';
import { paperFiles } from './paper-model.ts';
import type { ReportModel } from './report-model.ts';
import { installedFile, templateText } from './template-folder.ts';
import type { TypesetAnswer, TypesetOrder } from './pdf-worker.ts';

/**
 * The report as PDF/A-3a, tagged, with `attachments` (file name → bytes) inside. The same model gives the same bytes.
 * Typesetting is synchronous and takes a second or so: it runs on a thread of its own, so that a server goes on serving.
 * @throws ServiceError `PDF_NOT_RENDERED`; the typesetter's own words are its cause, for they may quote data.
 */
export async function renderPdf(
  model: ReportModel,
  attachments: Readonly<Record<string, Uint8Array>>,
): Promise<Uint8Array> {
  const order: TypesetOrder = {
    template: await templateText('report.typ'),
    files: { ...paperFiles(model), ...attachments },
    createdSeconds: Math.floor(Date.parse(model.createdAt) / 1000),
  };
  const answer = await typeset(order);
  if (answer.outcome === 'typeset') return answer.pdf;
  throw new ServiceError(
    'PDF_NOT_RENDERED',
    { stage: answer.stage, problems: answer.problems.length },
    { cause: answer.problems },
  );
}

async function typeset(order: TypesetOrder): Promise<TypesetAnswer> {
  const worker = new Worker(workerFile(), { workerData: order });
  try {
    return await new Promise<TypesetAnswer>((resolve, reject) => {
      worker.once('message', (answer: TypesetAnswer) => resolve(answer));
      worker.once('error', (cause) =>
        reject(new ServiceError('PDF_NOT_RENDERED', { stage: 'worker', problems: 1 }, { cause })),
      );
      worker.once('exit', () => reject(new ServiceError('PDF_NOT_RENDERED', { stage: 'worker', problems: 1 })));
    });
  } finally {
    await worker.terminate();
  }
}

/** The worker beside this module, or, in a bundle, the one that the build puts among its chunks. */
function workerFile(): string {
  if (import.meta.url.endsWith('.ts')) return installedFile('pdf-worker.ts');
  return installedFile('pdf-worker.js', 'chunks/pdf-worker.js');
}
