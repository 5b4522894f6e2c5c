import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../../service-error.ts';
import { paperFiles } from './paper-model.ts';
import type { ReportModel } from '../report/report-model.ts';
import { installedFile, templateText } from '../report/template-folder.ts';
import type { TypesetAnswer, TypesetOrder } from './pdf-worker.ts';

/**
 * Renders the report as tagged PDF/A-3a with `attachments` (file name → bytes). The same model produces the same bytes.
 * Typesetting is synchronous, takes about a second and 200 MB, and is native code that can crash its process (an empty
 * attachment is enough). It runs in a separate process, without the service's environment, so that it cannot block or
 * crash a server.
 * @throws ServiceError `PDF_NOT_RENDERED`; the typesetter's own messages are in the cause only, because they may quote
 * data.
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

/**
 * Sets one word, to see whether the native engine of this machine is there: a package that was installed on another platform
 * lacks it, and the first report would be the first to notice. @throws ServiceError `PDF_NOT_RENDERED`.
 */
export async function tryPdfEngine(): Promise<void> {
  const { outcome } = await typeset({ template: 'Keyturn', files: {}, createdSeconds: 0 });
  if (outcome !== 'typeset') throw new ServiceError('PDF_NOT_RENDERED', { stage: 'layout', problems: 1 });
}

function typeset(order: TypesetOrder): Promise<TypesetAnswer> {
  const worker = fork(workerFile(), {
    execArgv: [],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise<TypesetAnswer>((resolve, reject) => {
    const died = (cause?: unknown): void =>
      reject(new ServiceError('PDF_NOT_RENDERED', { stage: 'worker', problems: 1 }, { cause }));
    // pdf-worker.ts of the same release sent this message.
    worker.once('message', (answer) => resolve(answer as TypesetAnswer));
    worker.once('error', died);
    worker.once('exit', died);
    worker.send(order);
  });
}

/** The worker beside this module, or in a bundle the one among its chunks. */
function workerFile(): string {
  if (import.meta.url.endsWith('.ts')) return fileURLToPath(new URL('pdf-worker.ts', import.meta.url));
  return installedFile('pdf-worker.js', 'chunks/pdf-worker.js');
}
