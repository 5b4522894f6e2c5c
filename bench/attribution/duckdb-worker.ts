import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { jobSlackMs } from '../../src/audit/attribution/job-index.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import type { Policy } from '../../src/secrets/policy.ts';
import { loadPaths } from './load-files.ts';
import { sendMeasured } from './measure.ts';

/** The same join in SQL, over the same files. */
const [folder = '', threads = '2'] = process.argv.slice(2);

await sendMeasured(async () => {
  const { policy, jobs, receipts } = loadPaths(folder);
  const database = await DuckDBInstance.create(':memory:', { threads, memory_limit: '4GB' });
  const connection = await database.connect();
  await connection.run(identityTables(parsePolicy(await readFile(policy, 'utf8'), policy, [])));
  await connection.run(jobTable(jobs));
  await connection.run(receiptTable(receipts));
  const join = await readFile(new URL('graded-join.sql', import.meta.url), 'utf8');
  await connection.run(join.replaceAll('$folder', folder));
  const counted = await connection.runAndReadAll(
    `select grade, count(*)::int from read_ndjson('${folder}/duckdb.ndjson', columns = {grade: 'varchar'}) group by grade`,
  );
  return Object.fromEntries(counted.getRows().map(([grade, count]) => [String(grade), Number(count)]));
});

function identityTables({ identities }: Policy): string {
  const rows = [...identities].flatMap(([objectId, { addresses, repositories }]) =>
    repositories.map((repository) => `('${objectId}', '${addresses[0] ?? ''}', '${repository}')`),
  );
  return `create table identities as select * from (values ${rows.join(', ')}) t(object_id, address, repository);
    create table addresses as select distinct object_id, address from identities`;
}

function jobTable(file: string): string {
  return `create table jobs as
    select repositoryId as repository_id, lower(repository) as repository, runId as run_id, jobId as job_id, attempt,
      epoch_ms(startedAt::timestamp) - ${String(jobSlackMs)} as begins,
      epoch_ms(completedAt::timestamp) + ${String(jobSlackMs)} as ends
    from read_ndjson('${file}', columns = {repositoryId: 'bigint', repository: 'varchar', runId: 'bigint',
      jobId: 'bigint', attempt: 'int', startedAt: 'varchar', completedAt: 'varchar'})`;
}

function receiptTable(file: string): string {
  return `create table receipts as
    select lower(request.id) as request_id, request.status, epoch_ms(request."at"::timestamp) as answered,
      receipt.job.runId as run_id, receipt.job.jobId as job_id, receipt.job.attempt, receipt.nonce,
      lower(receipt.vault) as vault, lower(receipt.secret) as secret, receipt.version, receipt.address
    from (select receipt, unnest(receipt.requests) as request from read_ndjson('${file}', columns = {
      receipt: 'struct(job struct(runId bigint, jobId bigint, attempt int), nonce varchar, vault varchar,
        secret varchar, version varchar, address varchar, requests struct(id varchar, status int, "at" varchar)[])'}))`;
}
