import { mkdir, writeFile } from 'node:fs/promises';
import { type LineFile, lineFile, loadPaths, shuffledLineFile } from './load-files.ts';
import { createLoadNames, type LoadIdentity, type LoadNames, randomHex, randomUuid } from './load-names.ts';
import { seededRandom } from './seeded-random.ts';

export interface LoadSize {
  readonly reads: number;
  /** Jobs that read. They start evenly over a year. */
  readonly jobs: number;
  /** As many further jobs for each, with a receipt for each of its reads that no row matches. */
  readonly idleJobsEach: number;
  readonly shuffled: boolean;
}

interface LoadJob {
  readonly index: number;
  readonly repository: number;
  readonly identity: LoadIdentity;
  readonly from: number;
  readonly to: number;
  readonly nonce: string;
  readonly numbers: Readonly<Record<string, string | number>>;
}

const start = Date.UTC(2026, 0, 1);
const periodMs = 365 * 86_400_000;
/** Numbers of jobs begin here. */
const firstJob = 50_000;

/**
 * Writes jobs, receipts, rows and a policy. A third of the jobs posted a receipt for each read and stamped it, a third
 * only stamped, the rest did neither. One read in a hundred carries the stamp of any job of the year.
 */
export async function writeLoad(folder: string, size: LoadSize, seed = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  const random = seededRandom(seed);
  const names = createLoadNames(random);
  const paths = loadPaths(folder);
  const open = (path: string) => (size.shuffled ? shuffledLineFile(path, random) : lineFile(path));
  const files = { jobs: open(paths.jobs), receipts: open(paths.receipts), rows: open(paths.retrievals) };
  const total = size.jobs * (1 + size.idleJobsEach);
  let due = 0;
  for (let index = 0; index < total; index += 1) {
    const job = createJob(index, total, names, random);
    await files.jobs.add(JSON.stringify(jobLine(job, names)));
    const isIdle = index % (1 + size.idleJobsEach) !== 0;
    if (!isIdle) due += size.reads / size.jobs;
    const reads = isIdle ? Math.round(size.reads / size.jobs) : Math.floor(due);
    if (!isIdle) due -= reads;
    for (let sequence = 1; sequence <= reads; sequence += 1)
      await addRead(files, { job, sequence, isIdle, names, random, jobs: total });
  }
  for (const file of Object.values(files)) await file.end();
  await writeFile(paths.policy, policyText(names));
}

function createJob(index: number, total: number, names: LoadNames, random: () => number): LoadJob {
  const repository = Math.floor(random() * 200);
  const identity = names.identities[Math.floor(repository / 10)];
  if (identity === undefined) throw new Error('every repository has an identity');
  const from = Math.floor((start + (index / total) * periodMs + random() * 60_000) / 1000) * 1000;
  const to = from + (30 + Math.floor(random() * 600)) * 1000;
  const numbers = {
    instance: names.instance,
    repositoryId: repository + 1,
    runId: 10_000 + Math.floor(index / 2),
    attempt: 1,
    jobId: firstJob + index,
  };
  return { index, repository, identity, from, to, nonce: randomHex(random, 8), numbers };
}

function jobLine({ index, repository, from, to, numbers }: LoadJob, { instance }: LoadNames): object {
  const name = `org/repo-${String(repository)}`;
  const runner = repository % 20;
  return {
    format: 1,
    instance,
    repositoryId: numbers['repositoryId'],
    repository: name,
    runId: numbers['runId'],
    jobId: numbers['jobId'],
    attempt: 1,
    taskId: null,
    name: 'deploy',
    runnerId: 1 + runner,
    runnerName: `runner-${String(runner)}`,
    labels: ['prod'],
    status: 'completed',
    conclusion: 'success',
    createdAt: new Date(from - 3000).toISOString(),
    startedAt: new Date(from).toISOString(),
    completedAt: new Date(to).toISOString(),
    event: 'push',
    branch: 'main',
    fork: false,
    known: 'api',
    url: `https://gitea.example.org/${name}/actions/runs/${String(index)}/jobs/0`,
  };
}

interface LoadRead {
  readonly job: LoadJob;
  readonly sequence: number;
  /** An idle job leaves its receipts, and the log has no row for them. */
  readonly isIdle: boolean;
  readonly names: LoadNames;
  readonly random: () => number;
  readonly jobs: number;
}

async function addRead(files: { readonly rows: LineFile; readonly receipts: LineFile }, read: LoadRead): Promise<void> {
  const { job, sequence, isIdle, names, random, jobs } = read;
  const { from, to, identity, nonce, numbers } = job;
  const kind = job.index % 3;
  const secret = names.secrets[Math.floor(random() * names.secrets.length)];
  if (secret === undefined) throw new Error('there are secrets');
  const at = from + Math.floor(random() * (to - from));
  const id = randomUuid(random);
  const task = 90_000 + job.index;
  const isForged = random() < 0.01;
  const stamped = isForged ? firstJob + Math.floor(random() * jobs) : job.index + firstJob;
  const stamp = `keyturn/0.1.0 gj/1;i=${names.instance};r=${String(numbers['repositoryId'])};u=${String(numbers['runId'])};a=1;j=${String(stamped)};t=${String(task)};n=${nonce}`;
  const plain = 'azsdk-js-keyvault-secrets/4.11.2 core-rest-pipeline/1.24.0 Node/24.0.0';
  if (!isIdle)
    await files.rows.add(
      JSON.stringify({
        TimeGenerated: `${new Date(at).toISOString().slice(0, 23)}${String(Math.floor(random() * 10_000)).padStart(4, '0')}Z`,
        OperationName: 'SecretGet',
        HttpStatusCode: 200,
        ResultSignature: 'OK',
        ResultType: 'Success',
        DurationMs: 14,
        Id: `https://kv-prod.vault.azure.net/secrets/${secret.name}/${secret.version}`,
        RequestUri: `https://kv-prod.vault.azure.net/secrets/${secret.name}/?api-version=7.6`,
        Identity: { claim: { oid: identity.objectId, appid: identity.applicationId } },
        CallerIpAddress: identity.address,
        ClientInfo: kind === 2 && !isForged ? plain : stamp,
        CorrelationId: id,
        _ResourceId:
          '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/shop/providers/microsoft.keyvault/vaults/kv-prod',
      }),
    );
  if (kind !== 0) return;
  const receipt = {
    format: 1,
    job: { ...numbers, taskId: task },
    nonce,
    sequence,
    vault: 'kv-prod',
    secret: secret.name,
    opaque: false,
    version: secret.version,
    clientRequestId: randomUuid(random),
    requests: [{ id, status: 200, at: new Date(at + 14).toISOString() }],
    address: identity.address,
    clockOffsetMs: 0,
    previous: null,
  };
  await files.receipts.add(JSON.stringify({ format: 1, postedAt: new Date(at + 300).toISOString(), receipt }));
}

function policyText({ identities }: LoadNames): string {
  const entries = identities.map(
    ({ objectId, repositories, address }) =>
      `  ${objectId}:\n    role: runner\n    repositories: [${repositories.join(', ')}]\n    addresses: [${address}]\n`,
  );
  return `format: 1\nsecrets: {}\nnamespaces: {}\nidentities:\n${entries.join('')}`;
}
