import type { Attribution } from '../../audit/model/attribution.ts';
import type { AuditedEvent, AuditedPeriod, SecretDay } from '../../audit/model/audited-period.ts';
import type { Finding } from '../../audit/model/finding.ts';
import type { FindingLife } from '../../audit/model/finding-life.ts';
import { type JsonValue, canonicalJson } from '../../provenance/canonical-json.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import { csvRow } from './csv-row.ts';
import { type PackFile, type RowFile, rowFile, writePackFile } from './pack-file.ts';
import type { PackSink } from './pack-sink.ts';
import { queryPaths } from '../report/query-paths.ts';
import { listRotationsDue } from '../tests/secret-tests.ts';
import type { TestDeviation } from '../tests/run-control-tests.ts';
import { readerOf } from '../report/retrieval-tally.ts';

const retrievalColumns = [
  'at',
  'vault',
  'secret',
  'version',
  'grade',
  'reason',
  'reader',
  'repository',
  'run',
  'job',
  'attempt',
  'operation',
  'status',
  'objectId',
  'applicationId',
  'person',
  'address',
  'client',
  'correlationId',
  'roleAssignment',
  'sources',
  'id',
] as const;
const findingColumns = [
  'id',
  'rule',
  'severity',
  'subject',
  'description',
  'firstAt',
  'lastAt',
  'count',
  'evidence',
  'endedAt',
  'endedBy',
  'state',
  'owner',
  'due',
  'ticket',
] as const;

/** Writes every read as NDJSON and CSV while `walk` yields it. Memory use does not grow with the number of reads. */
export function retrievalFiles(
  sink: PackSink,
  audited: AuditedPeriod,
): { add(attribution: Attribution): Promise<void>; close(): Promise<readonly PackFile[]> } {
  const lines = rowFile(sink, {
    name: 'retrievals',
    extension: 'ndjson',
    description: 'Every read with its grade and evidence',
  });
  const table = rowFile(sink, {
    name: 'retrievals',
    extension: 'csv',
    description: 'The same reads for spreadsheets',
    header: retrievalColumns.join(','),
  });
  const leaking = new Set(
    audited.findings.filter(({ rule }) => rule === 'value-in-log').flatMap(({ evidence }) => evidence),
  );
  return {
    async add(attribution) {
      // A User-Agent that may contain a value is evidence of a leak; printing it would be another leak.
      const safe = leaking.has(attribution.retrieval.id) ? withoutClient(attribution) : attribution;
      await lines.add(canonicalJson(retrievalRow(safe)));
      await table.add(csvRow(retrievalCells(safe)));
    },
    close: async () => [...(await lines.close()), ...(await table.close())],
  };
}

const populationFiles = {
  refusals: 'Every refused request',
  writes: 'Every write to a secret',
  'staging-reads': 'Every read of a staging secret',
  'sensitive-operations': 'Every backup, restore, deletion, purge and recovery',
} as const satisfies Record<string, string>;

/** Writes the events of each population of the log that are not reads, and the days of secrets, while they pass. */
export function populationRows(sink: PackSink): {
  event(event: AuditedEvent): Promise<void>;
  secretDay(day: SecretDay): Promise<void>;
  deviation(deviation: TestDeviation): Promise<void>;
  close(): Promise<readonly PackFile[]>;
} {
  const file = (name: string, description: string): RowFile =>
    rowFile(sink, { name, extension: 'ndjson', description });
  const files = Object.entries(populationFiles).map(([name, description]) => ({ name, rows: file(name, description) }));
  const secretDays = file('secret-days', 'Every secret on every day that an inventory was taken');
  const due = file('rotations-due', 'Every version that came due or was replaced');
  const deviations = file('deviations', 'Every deviation of every test, with the id of its event');
  const dues = listRotationsDue();
  return {
    async event(event) {
      const belongs: Record<keyof typeof populationFiles, boolean> = {
        refusals: event.retrieval.kind === 'denied',
        writes: event.retrieval.kind === 'write',
        'staging-reads': event.judgements.has('staging-read'),
        'sensitive-operations': event.judgements.has('sensitive-operation'),
      };
      for (const { name, rows } of files) {
        if (belongs[name as keyof typeof populationFiles]) await rows.add(canonicalJson(eventRow(event)));
      }
    },
    async secretDay(day) {
      dues.see(day);
      // Tags stay out of reports, because anyone may have written anything there.
      const { tags: _tags, ...secret } = day.secret;
      await secretDays.add(
        canonicalJson(asJson({ ...secret, day: day.day, at: day.at, breaks: brokenBy(day.judgements) })),
      );
    },
    deviation: async (deviation) => await deviations.add(canonicalJson(asJson(deviation))),
    async close() {
      for (const one of dues.all()) await due.add(canonicalJson(asJson(one)));
      const closed: PackFile[] = [];
      for (const rows of [...files.map((one) => one.rows), secretDays, due, deviations])
        closed.push(...(await rows.close()));
      return closed;
    },
  };
}

function eventRow({ retrieval, judgements }: AuditedEvent): JsonValue {
  return asJson({ ...retrieval, breaks: brokenBy(judgements) });
}

function brokenBy(judgements: AuditedEvent['judgements']): readonly string[] {
  return [...judgements].flatMap(([rule, judgement]) => (judgement === 'broken' ? [rule] : [])).sort();
}

/**
 * Writes everything except reads: findings, rotations, inventory, coverage, slices, rows that could not be parsed,
 * queries.
 */
export async function writeStateFiles(
  sink: PackSink,
  audited: AuditedPeriod,
  rotations: readonly RotationHistory[],
): Promise<readonly PackFile[]> {
  const rows = async (name: string, description: string, values: readonly object[]): Promise<readonly PackFile[]> => {
    const file = rowFile(sink, { name, extension: 'ndjson', description });
    for (const value of values) await file.add(canonicalJson(asJson(value)));
    return await file.close();
  };
  const table = async (
    name: string,
    description: string,
    columns: readonly string[],
    cells: readonly (readonly (string | number)[])[],
  ): Promise<readonly PackFile[]> => {
    const file = rowFile(sink, { name, extension: 'csv', description, header: columns.join(',') });
    for (const row of cells) await file.add(csvRow(row));
    return await file.close();
  };
  const findingTable = audited.findings.map((finding) =>
    findingColumns.map((column) => textOf(findingCells(finding, audited.findingLives.get(finding.id))[column])),
  );
  const files = [
    ...(await rows('findings', 'Every exception, and where it stands', findingRows(audited))),
    ...(await rows('finding-steps', 'Every decision on an exception, as a chain', audited.findingSteps)),
    ...(await table('findings', 'The same exceptions for spreadsheets', findingColumns, findingTable)),
    ...(await rows('rotations', 'Every rotation, with the head of its journal', rotations)),
    ...(await rows('inventory', 'Every secret at the end of the period', audited.inventory)),
    ...(await table(
      'coverage',
      'Every hour of the log',
      ['hour', 'rows', 'state'],
      audited.coverage.map(({ hour, rows: count, state }) => [hour, count, state]),
    )),
    ...(await rows('jobs', 'Every Gitea job of the period', audited.jobRecords)),
    ...(await rows('receipts', 'Every receipt, and whether a row matches it', audited.receiptRecords)),
    ...(await rows(
      'grant-days',
      'Every grant by which an identity could read, on every day',
      audited.access.grantDays,
    )),
    ...(await rows('setting-looks', 'Every look at where the log of a vault goes', audited.access.settingLooks)),
    ...(await rows('policies', 'Every policy that was in force, and what changed', policyRows(audited))),
    ...(await rows('slices', 'The slices that the rows were read from', audited.slices)),
    ...(await rows('unreadable-rows', 'Rows that could not be parsed', audited.unreadableRows)),
  ];
  const paths = queryPaths(audited.queries);
  for (const { sha256, text } of audited.queries) {
    const path = paths.get(sha256) ?? `queries/${sha256}.kql`;
    files.push(await writePackFile(sink, path, Buffer.from(text), 'A query as it ran'));
  }
  return files;
}

/** Each policy that was in force, with its text, and what it changed against the one before it. */
function policyRows({ policies, policyChanges }: AuditedPeriod): readonly object[] {
  return policies.map((policy) => {
    const change = policyChanges.find(({ loadedAt }) => loadedAt === policy.loadedAt);
    return { ...policy, changes: change?.changes ?? [], widens: change?.widens ?? [] };
  });
}

/** One line of `retrievals.ndjson`: the row of the log, its grade, and the evidence for the grade. */
function retrievalRow({ retrieval, grade, job, candidates, reason, evidence }: Attribution): JsonValue {
  const identity = { ...retrieval.identity };
  return { ...retrieval, identity, grade, reason, job: job === null ? null : { ...job }, candidates, evidence };
}

function retrievalCells(attribution: Attribution): readonly (string | number | null)[] {
  const { retrieval, grade, job, reason } = attribution;
  const { identity } = retrieval;
  return [
    retrieval.at,
    retrieval.vault,
    retrieval.secret,
    retrieval.version,
    grade,
    reason,
    readerOf(attribution),
    job?.repository ?? null,
    job?.runId ?? null,
    job?.jobId ?? null,
    job?.attempt ?? null,
    retrieval.operation,
    retrieval.status,
    identity.objectId,
    identity.applicationId,
    identity.userPrincipalName,
    retrieval.address,
    retrieval.client,
    retrieval.correlationId,
    retrieval.roleAssignment,
    retrieval.sources.join(' '),
    retrieval.id,
  ];
}

/** Each finding with where it stands: the lines of `findings.ndjson`, which the PDF attaches too. */
export function findingRows({ findings, findingLives }: AuditedPeriod): readonly object[] {
  return findings.map((finding) => {
    const life = findingLives.get(finding.id);
    if (life === undefined) return finding;
    const { steps, ...standing } = life;
    return { ...finding, life: { ...standing, steps: steps.map(({ number }) => number) } };
  });
}

function findingCells({ ended, ...finding }: Finding, life: FindingLife | undefined) {
  const { state = 'open', owner = null, due = null, ticket = null } = life ?? {};
  const text = { owner: owner ?? '', due: due ?? '', ticket: ticket ?? '' };
  return { ...finding, endedAt: ended?.at ?? '', endedBy: ended?.by ?? '', state, ...text };
}

function withoutClient(attribution: Attribution): Attribution {
  return { ...attribution, retrieval: { ...attribution.retrieval, client: '(withheld: it may contain a value)' } };
}

function textOf(value: string | number | readonly string[]): string | number {
  return typeof value === 'object' ? value.join(' ') : value;
}

/** The audit and the rotation already publish JSON; this makes the type explicit and converts any date into text. */
export function asJson(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
