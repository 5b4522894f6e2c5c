import { parseReceipt } from '../../provenance/parse-receipt.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { parseJson, readBody } from '../read-body.ts';
import type { WebPorts } from '../web-ports.ts';

const limitBytes = 256 * 1024;
const mostReceipts = 100;

/**
 * `POST /receipts`: receipts of a running job, proven by its runtime token, which Gitea confirms. The token is neither
 * stored nor logged, and every receipt must have its numbers. Answers 202 with the count, 401 if Gitea rejects the token,
 * 403 if a receipt belongs to another job, and 503 if Gitea did not answer; the job's log contains the receipt too.
 */
export async function receiveReceipts(request: Request, ports: WebPorts): Promise<Response> {
  if (ports.checkRuntimeToken === null) return Response.json({ error: 'No Gitea is configured.' }, { status: 404 });
  const token = /^Bearer ([\w.~+/=-]{20,8192})$/.exec(request.headers.get('authorization') ?? '')?.[1];
  if (token === undefined) return Response.json({ error: 'A runtime token is missing.' }, { status: 401 });
  const receipts = parseReceipts(parseJson(await readBody(request, limitBytes)));

  const numbers = await ports.checkRuntimeToken(new SecretValue(token));
  if (numbers === null) return Response.json({ error: 'Gitea does not confirm this token.' }, { status: 401 });
  const foreign = receipts.some(
    ({ job }) =>
      job.instance !== ports.instance ||
      job.jobId !== numbers.jobId ||
      job.runId !== numbers.runId ||
      job.taskId !== numbers.taskId ||
      job.attempt !== receipts[0]?.job.attempt ||
      job.repositoryId !== receipts[0].job.repositoryId,
  );
  if (foreign) return Response.json({ error: 'A receipt is of another job than the token.' }, { status: 403 });

  const outcome = await ports.recordReceipts(receipts);
  if (outcome === 'not-its-job') {
    return Response.json(
      { error: 'The job has another attempt or repository than its receipts say.' },
      { status: 403 },
    );
  }
  if (outcome === 'too-many') {
    return Response.json({ error: 'This task has posted as many receipts as a task may.' }, { status: 429 });
  }
  return Response.json({ accepted: receipts.length }, { status: 202 });
}

/** @throws ServiceError `REQUEST_MALFORMED` naming the invalid receipt. */
function parseReceipts(body: unknown): readonly Receipt[] {
  const list = typeof body === 'object' && body !== null && 'receipts' in body ? body.receipts : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > mostReceipts) {
    throw new ServiceError('REQUEST_MALFORMED', {
      place: 'receipts',
      reason: `a list of 1 to ${String(mostReceipts)}`,
    });
  }
  return list.map((one: unknown, index) => {
    const receipt = parseReceipt(one);
    if (receipt !== null) return receipt;
    throw new ServiceError('REQUEST_MALFORMED', { place: `receipts[${String(index)}]`, reason: 'not a receipt' });
  });
}
