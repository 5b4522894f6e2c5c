import type { AuditedPeriod } from '../../audit/model/audited-period.ts';
import type { Finding } from '../../audit/model/finding.ts';
import type { FindingLife } from '../../audit/model/finding-life.ts';
import { type JsonValue, canonicalJson } from '../../provenance/canonical-json.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import { csvRow } from './csv-row.ts';
import { type PackFile, writePackFile } from './pack-file.ts';
import { rowFile } from './row-file.ts';
import type { PackSink } from './pack-sink.ts';
import { queryPaths } from '../report/query-paths.ts';

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

/**
 * Writes what the end of the audit knows: findings, rotations, inventory, coverage, slices, rows that could not be parsed,
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
    ...(await rows('rotations', 'Every rotation, with the head of its journal', rotationRows(audited, rotations))),
    ...(await rows('own-reads', "Keyturn's own reads, each recorded before it", audited.ownReads)),
    ...(await rows('inventory', 'Every secret at the end of the period', audited.inventory)),
    ...(await table(
      'coverage',
      'Every hour of the log',
      ['hour', 'rows', 'state'],
      audited.coverage.map(({ hour, rows: count, state }) => [hour, count, state]),
    )),
    ...(await rows(
      'grant-days',
      'Every grant by which an identity could read, on every day',
      audited.access.grantDays,
    )),
    ...(await rows('setting-looks', 'Every look at where the log of a vault goes', audited.access.settingLooks)),
    ...(await rows('table-looks', 'Every look at how long a table of the log is kept', audited.access.tableLooks)),
    ...(await rows('setup-looks', 'Every look at how a vault is set up, and what changed', audited.access.setupLooks)),
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

/** Each rotation with the steps that the policy of its time put under approval: the population of that test. */
function rotationRows({ policyAt }: AuditedPeriod, rotations: readonly RotationHistory[]): readonly object[] {
  return rotations.map((rotation) => {
    const { vault, secret, claimedAt } = rotation;
    const needsApproval = policyAt(claimedAt).secrets.get(`${vault}/${secret}`.toLowerCase())?.approval ?? [];
    return { ...rotation, needsApproval };
  });
}

/** Each policy that was in force, with its text, and what it changed against the one before it. */
function policyRows({ policies, policyChanges }: AuditedPeriod): readonly object[] {
  return policies.map((policy) => {
    const change = policyChanges.find(({ loadedAt }) => loadedAt === policy.loadedAt);
    return { ...policy, changes: change?.changes ?? [], widens: change?.widens ?? [] };
  });
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

function textOf(value: string | number | readonly string[]): string | number {
  return typeof value === 'object' ? value.join(' ') : value;
}

/** The audit and the rotation already publish JSON; this makes the type explicit and converts any date into text. */
export function asJson(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
