import { createHash, randomUUID } from 'node:crypto';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { instanceOf, type JobNumbers } from '../../src/provenance/job-numbers.ts';
import { formatJobStamp } from '../../src/provenance/job-stamp.ts';
import { receiptDigest } from '../../src/provenance/parse-receipt.ts';
import { formatReceiptLine } from '../../src/provenance/receipt-line.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';

/** How a job of the story reads: over the wire like the fetch helper, during the past thirty days. */
export interface JobReads {
  readonly cloud: EmbeddedCloud;
  readonly running: RunningJob;
  readonly identity: Principal;
  /** Receipts posted to the service with the job's runtime token; `null` keeps them only in the log. */
  readonly post: ((token: string, receipts: readonly Receipt[]) => Promise<void>) | null;
}

/** The numbers of a job of the story. */
export function numbersOf(cloud: EmbeddedCloud, { job }: RunningJob): JobNumbers {
  return {
    instance: instanceOf(cloud.gitea.url),
    repositoryId: job.repository.id,
    runId: job.runId,
    attempt: job.attempt,
    jobId: job.jobId,
    taskId: job.taskId,
  };
}

/** Reads each secret once, a second apart, with a receipt for each read. Returns the receipts' lines. */
export async function fetchAsJob(reads: JobReads, names: readonly string[]): Promise<readonly string[]> {
  const { cloud, running, identity, post } = reads;
  const job = numbersOf(cloud, running);
  const nonce = createHash('sha256')
    .update(`${String(job.taskId)}`)
    .digest('hex')
    .slice(0, 8);
  const client = formatJobStamp({ ...job, nonce, helper: '0.2.0' });
  const receipts: Receipt[] = [];
  for (const [index, name] of names.entries()) {
    cloud.clock.advance(1_000);
    const { requestId, version, status, clientRequestId } = await readSecret(cloud, identity, name, client);
    const previous = receipts.at(-1);
    receipts.push({
      format: 1,
      job,
      nonce,
      sequence: index + 1,
      vault: cloud.vault.name,
      secret: name,
      opaque: false,
      version,
      clientRequestId,
      requests: [{ id: requestId, status, at: cloud.clock.now().toISOString() }],
      address: identity.address,
      clockOffsetMs: 0,
      previous: previous === undefined ? null : receiptDigest(previous),
    });
  }
  const lines = receipts.map(formatReceiptLine);
  for (const line of lines) running.log(line);
  await post?.(running.environment['ACTIONS_RUNTIME_TOKEN'] ?? '', receipts);
  return lines;
}

/** One read with a token and any User-Agent. The value is discarded. */
export async function readSecret(cloud: EmbeddedCloud, identity: Principal, name: string, client: string) {
  const clientRequestId = randomUUID();
  const response = await fetch(`${cloud.vault.url}/secrets/${name}?api-version=7.5`, {
    headers: {
      authorization: `Bearer ${cloud.identity.tokenFor(identity, 'https://vault.azure.net')}`,
      'user-agent': client,
      'x-ms-client-request-id': clientRequestId,
    },
  });
  const { id } = (await response.json()) as { id?: string };
  return {
    clientRequestId,
    status: response.status,
    requestId: response.headers.get('x-ms-request-id') ?? '',
    version: response.status === 200 ? (id?.split('/').at(-1) ?? null) : null,
  };
}
