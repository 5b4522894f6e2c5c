-- The rules of src/audit/attribution/rules for loads of write-load.ts, as one statement. A rule that no row of those loads
-- meets is left out: persons, Keyturn's own identities and the platform; opaque names; logged receipts and harvested logs;
-- shared hosts; a receipt of an unknown job; several receipts for one request; jobs that run on.
-- $folder is replaced by the folder of the load.
copy (
  with parsed as (
    select
      TimeGenerated as written_at,
      epoch_ms(TimeGenerated[1:23]::timestamp) as happened,
      OperationName as operation,
      HttpStatusCode as status,
      RequestUri as request,
      lower(CorrelationId) as correlation_id,
      Identity.claim.oid as object_id,
      CallerIpAddress as address,
      lower(regexp_extract(Id, '/secrets/([^/]+)/', 1)) as secret,
      regexp_extract(Id, '/secrets/[^/]+/([0-9a-f]+)', 1) as version,
      regexp_extract(lower(_ResourceId), '/vaults/([^/]+)$', 1) as vault,
      regexp_extract(
        ClientInfo,
        'gj/1;i=([0-9a-f]+);r=(\d+);u=(\d+);a=(\d+);j=(\d+);t=(\d+);n=([0-9a-f]+)',
        ['instance', 'repository', 'run', 'attempt', 'job', 'task', 'nonce']
      ) as stamp
    from read_ndjson('$folder/retrievals.ndjson', columns = {
      TimeGenerated: 'varchar', OperationName: 'varchar', HttpStatusCode: 'int', RequestUri: 'varchar', Id: 'varchar',
      Identity: 'struct(claim struct(oid varchar, appid varchar))', CallerIpAddress: 'varchar', ClientInfo: 'varchar',
      CorrelationId: 'varchar', _ResourceId: 'varchar'
    })
  ),
  numbered as (
    select *,
      left(sha256(concat_ws(chr(10), vault, correlation_id, operation, status, request, written_at)), 32) as id,
      stamp.instance <> '' as is_stamped,
      try_cast(stamp.job as bigint) as stamp_job,
      try_cast(stamp.attempt as int) as stamp_attempt,
      try_cast(stamp.run as bigint) as stamp_run,
      try_cast(stamp.repository as bigint) as stamp_repository
    from parsed
  ),
  claimed as (
    select numbered.*,
      receipts.job_id as receipt_job, receipts.attempt as receipt_attempt, receipts.run_id as receipt_run,
      receipts.nonce as receipt_nonce, receipts.secret as receipt_secret, receipts.version as receipt_version,
      receipts.vault as receipt_vault, receipts.address as receipt_address, receipts.answered as receipt_answered,
      coalesce(receipts.job_id, stamp_job) as named_job,
      coalesce(receipts.attempt, stamp_attempt) as named_attempt
    from numbered
    left join receipts on receipts.request_id = numbered.correlation_id and receipts.status = numbered.status
  ),
  joined as (
    select claimed.*, jobs.job_id, jobs.run_id, jobs.repository_id, jobs.repository, jobs.begins, jobs.ends,
      addresses.address as identity_address,
      serving.repository is not null as serves
    from claimed
    left join jobs on jobs.job_id = claimed.named_job and jobs.attempt = claimed.named_attempt
    left join addresses on addresses.object_id = claimed.object_id
    left join identities serving
      on serving.object_id = claimed.object_id and serving.repository = jobs.repository
  ),
  possible as (
    select joined.id as row_id, count(*) as jobs_possible, any_value(jobs.job_id) as possible_job
    from joined
    join identities on identities.object_id = joined.object_id
    join jobs on jobs.repository = identities.repository and joined.happened between jobs.begins and jobs.ends
    where joined.receipt_job is null and not joined.is_stamped
    group by joined.id
  )
  select joined.id,
    case
      -- receipt-rule.ts: the stamp names one job, the receipt another
      when receipt_job is not null and is_stamped and (receipt_job <> stamp_job or receipt_attempt <> stamp_attempt)
        then 'contradicted'
      -- receipt-rule.ts: the first disagreement of secret, job, time and origin; else a posted receipt
      when receipt_job is not null then case
        when receipt_vault <> vault or receipt_secret <> secret or receipt_version <> version or receipt_run <> run_id
          or abs(receipt_answered - happened) > 30000 or not (happened between begins and ends)
          or receipt_address <> address or not serves or identity_address <> address
          or (is_stamped and receipt_nonce <> stamp.nonce)
          then 'contradicted'
        else 'authenticated' end
      -- stamp-rule.ts
      when is_stamped then case
        when job_id is null then 'claimed'
        when stamp_run <> run_id or stamp_repository <> repository_id or not (happened between begins and ends)
          then 'contradicted'
        when not serves or identity_address <> address then 'contradicted'
        else 'corroborated' end
      -- candidate-rule.ts
      when identity_address is null or identity_address <> address then 'unattributed'
      when possible.jobs_possible = 1 then 'inferred'
      when possible.jobs_possible > 1 then 'ambiguous'
      else 'unattributed'
    end as grade,
    coalesce(named_job, possible_job) as job
  from joined left join possible on possible.row_id = joined.id
) to '$folder/duckdb.ndjson' (format json)
