import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attributeFiles } from '../../src/audit/join/attribute-files.ts';
import { auditWithReads } from '../audit/collected-events.ts';
import { recordJob } from '../../src/audit/collection/job-ledger.ts';
import type { Job } from '../../src/audit/model/job.ts';
import { recordPostedReceipt } from '../../src/audit/collection/receipt-ledger.ts';
import { writeSlice } from '../../src/audit/collection/slice.ts';
import { LineMemory } from '../../src/evidence/pack/line-memory.ts';
import { writeRetrievals } from '../../src/evidence/pack/retrieval-lines.ts';
import { sha256 } from '../../src/evidence/pack/pack-file.ts';
import { instanceOf } from '../../src/provenance/job-numbers.ts';
import { formatJobStamp } from '../../src/provenance/job-stamp.ts';
import { formatReceiptLine } from '../../src/provenance/receipt-line.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';
import { rotationIdOf } from '../../src/rotation/rotation-id.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

/** The one story that all examples of docs/formats.md tell: a token is rotated, and a job reads it. */
export const gitea = 'https://gitea.example.org';
export const vault = { name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId: null };
export const from = { vaultUrl: vault.url, name: 'deploy-token', version: '0123456789abcdef0123456789abcdef' };
export const rotationId = rotationIdOf(from);
const published = 'fedcba9876543210fedcba9876543210';
const identity = '11111111-2222-3333-4444-555555555555';
const requestId = '6f1c1f6e-2a57-4a43-a5a0-3d1fbcb59d55';
const numbers = { instance: instanceOf(gitea), repositoryId: 7, runId: 41, attempt: 1, jobId: 52, taskId: 63 };

export const policyText = `format: 1
secrets:
  kv-prod/deploy-token:
    issuer: gitea-token
    target: { user: deploy-bot, scopes: ['read:repository'] }
    validity: 60d
    grace: 24h
    consumersLifetime: 24h
    namespaces: [shop-prod]
    approval: [revoke]
namespaces:
  shop-prod:
    repositories: [acme/shop]
identities:
  ${identity}:
    role: runner
    repositories: [acme/shop, acme/site]
    addresses: [203.0.113.10]
`;

export const manifestText = `format: 1
secrets:
  - name: deploy-token
    environment: DEPLOY_TOKEN
  - name: tls-key
    vault: kv-shared
    version: ${from.version}
    fileVariable: TLS_KEY_FILE
    required: false
  - name: database
    pointer: /password
    descriptor: 3
    life: 24h
`;

export const fetchConfiguration = {
  format: 1,
  service: 'https://keyturn.example.org',
  gitea,
  vaults: [{ name: vault.name, url: vault.url }],
  identity: { kind: 'managed-identity', clientId: '99999999-8888-7777-6666-555555555555' },
};

export const stamp = formatJobStamp({ ...numbers, helper: '0.1.0', nonce: '89abcdef' });

export const receipt: Receipt = {
  format: 1,
  job: numbers,
  nonce: '89abcdef',
  sequence: 1,
  vault: vault.name,
  secret: from.name,
  opaque: false,
  version: published,
  clientRequestId: '00000000-0000-8000-8000-000000000001',
  requests: [{ id: requestId, status: 200, at: '2026-03-09T14:05:11.204Z' }],
  address: '203.0.113.10',
  clockOffsetMs: -12,
  previous: null,
};

export const job: Job = {
  format: 1,
  instance: numbers.instance,
  repositoryId: 7,
  repository: 'acme/shop',
  runId: 41,
  jobId: 52,
  attempt: 1,
  taskId: null,
  name: 'deploy',
  runnerId: 3,
  runnerName: 'runner-1',
  labels: ['prod'],
  status: 'completed',
  conclusion: 'success',
  createdAt: '2026-03-09T14:04:58.000Z',
  startedAt: '2026-03-09T14:05:02.000Z',
  completedAt: '2026-03-09T14:07:40.000Z',
  event: 'push',
  branch: 'main',
  fork: false,
  known: 'api',
  url: `${gitea}/acme/shop/actions/runs/12/jobs/0`,
};

const logRow = {
  TimeGenerated: '2026-03-09T14:05:11.1873402Z',
  OperationName: 'SecretGet',
  HttpStatusCode: 200,
  ResultSignature: 'OK',
  Id: `${vault.url}/secrets/deploy-token/${published}`,
  RequestUri: `${vault.url}/secrets/deploy-token/?api-version=2025-07-01`,
  Identity: { claim: { oid: identity, appid: '99999999-8888-7777-6666-555555555555' } },
  CallerIpAddress: '203.0.113.10',
  ClientInfo: stamp,
  CorrelationId: requestId,
  _ResourceId:
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/shop/providers/microsoft.keyvault/vaults/kv-prod',
};

/** A slice as it lies on record, with its path. */
export async function slice(): Promise<{ path: string; text: string }> {
  const records = memoryRecordStore();
  const header = {
    format: 1,
    from: '2026-03-09T14:00:00.000Z',
    to: '2026-03-09T15:00:00.000Z',
    query: { name: 'retrievals.kql', sha256: sha256('the text of retrievals.kql') },
    controlTotal: 1,
    count: 1,
    added: 1,
    answers: [sha256(JSON.stringify([logRow]))],
    collectedAt: '2026-03-09T15:10:00.000Z',
  } as const;
  const path = await writeSlice(records, header, [logRow]);
  return { path, text: Buffer.from((await records.read(path))?.bytes ?? []).toString('utf8') };
}

export async function postedReceipt(): Promise<{ path: string; text: string }> {
  const records = memoryRecordStore();
  const { reference } = await recordPostedReceipt(records, receipt, { postedAt: new Date('2026-03-09T14:05:11.310Z') });
  return { path: reference, text: Buffer.from((await records.read(reference))?.bytes ?? []).toString('utf8') };
}

/** What `keyturn attribute` writes of the row above with the job, the posted receipt and the policy above. */
export async function attributedLine(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-docs-'));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  try {
    const out = join(folder, 'out.ndjson');
    await attributeFiles({
      retrievals: await file('rows.ndjson', `${JSON.stringify(logRow)}\n`),
      jobs: await file('jobs.ndjson', `${JSON.stringify(job)}\n`),
      receipts: await file('receipts.ndjson', (await postedReceipt()).text),
      policy: parsePolicy(policyText, 'keyturn.policy.yml', [vault]),
      out,
    });
    return (await readFile(out, 'utf8')).replaceAll(`${folder}/`, '');
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The line of `retrievals.ndjson` that an audit of the records above gives. */
export async function retrievalLine(): Promise<string> {
  const records = memoryRecordStore();
  const [from, to] = [new Date('2026-03-09T00:00:00Z'), new Date('2026-03-10T00:00:00Z')];
  const { path, text } = await slice();
  await records.create(path, Buffer.from(text));
  await recordJob(records, job);
  await recordPostedReceipt(records, receipt, { postedAt: new Date('2026-03-09T14:05:11.310Z') });
  const policy = parsePolicy(policyText, 'keyturn.policy.yml', [vault]);
  const audit = { records, policy, vaults: [vault.name], rotations: [], period: { from, to }, now: to };
  const { attributions } = await auditWithReads(audit);
  const lines = new LineMemory();
  const write = writeRetrievals(lines, new LineMemory());
  for (const one of attributions) write(one);
  return Buffer.from(lines.take()).toString();
}

export const receiptLine = formatReceiptLine(receipt);
