import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ServiceError } from '../../service-error.ts';
import { csvRow } from './csv-row.ts';
import { type PackPlace, packRows } from './pack-rows.ts';

const readShape = z.object({
  id: z.string(),
  at: z.string(),
  vault: z.string(),
  secret: z.string().nullable(),
  version: z.string().nullable(),
  grade: z.string(),
  reason: z.string(),
  correlationId: z.string().nullable(),
  address: z.string().nullable(),
  roleAssignment: z.string().nullable(),
  identity: z.object({ objectId: z.string().nullable(), userPrincipalName: z.string().nullable() }),
  job: z
    .object({
      repository: z.string(),
      runId: z.number(),
      jobId: z.number(),
      attempt: z.number(),
      url: z.string().nullable(),
    })
    .nullable(),
  evidence: z.array(z.string()),
});

/** What the auditor tests of each row: the columns that the workpaper leaves blank. */
const attributes = [
  'A: the log of the vault has this request, with this time, identity, address and version',
  'B: the role assignment opens this secret to this identity, and somebody approved it',
  'C: Gitea has this attempt of this job, and it ran at this time',
  'D: the evidence supports the grade',
  'E: the policy in force allows this job the secret',
] as const;
const blanks = [...attributes, 'result', 'tested by', 'tested on', 'remarks'];

const columns = [
  'number',
  'id',
  'correlationId',
  'at',
  'vault',
  'secret',
  'version',
  'grade',
  'reason',
  'reader',
  'jobLink',
  'identity',
  'address',
  'roleAssignment',
  'evidence',
  'file',
  'row',
  ...blanks,
  'pack',
  'statementSha256',
  'seed',
  'population',
] as const;

type DrawnRead = z.infer<typeof readShape> & { readonly path: string; readonly row: number; readonly rank: string };

/** The pack of a sample, as its seal names it. */
interface SampledPack {
  readonly pack: string;
  readonly statementSha256: string;
}

interface Sample {
  readonly seed: string;
  readonly size: number;
}

/**
 * Draws a sample by the rule of `drawSample`, in one pass with `size` rows in memory, and writes it as an auditor's workpaper:
 * CSV with a header, one line a row, blanks for what the auditor finds. The same seed draws the same rows.
 * @throws ServiceError `PACK_UNREADABLE` for a file that does not hold reads.
 */
export async function writeWorkpaper(
  place: PackPlace,
  { pack, statementSha256 }: SampledPack,
  { seed, size }: Sample,
): Promise<{ readonly text: string; readonly drawn: number; readonly population: number }> {
  const { reads, population } = await drawReads(place, { seed, size });
  const lines = reads.map((read, index) =>
    csvRow([index + 1, ...cellsOf(read), ...blanks.map(() => ''), pack, statementSha256, seed, population]),
  );
  return { text: [csvRow(columns), ...lines].map((line) => `${line}\n`).join(''), drawn: reads.length, population };
}

async function drawReads(
  place: PackPlace,
  { seed, size }: Sample,
): Promise<{ readonly reads: readonly DrawnRead[]; readonly population: number }> {
  let reads: DrawnRead[] = [];
  let population = 0;
  for await (const { path, row, value } of packRows(place, 'retrievals')) {
    population += 1;
    const parsed = readShape.safeParse(value);
    if (!parsed.success) {
      const reason = `row ${String(row)} of ${path} is not a read`;
      throw new ServiceError('PACK_UNREADABLE', { pack: place.pack, reason });
    }
    const rank = createHash('sha256').update(`${seed}:${parsed.data.id}`).digest('hex');
    if (reads.length === size && rank >= (reads.at(-1)?.rank ?? '')) continue;
    reads.push({ ...parsed.data, path, row, rank });
    reads = reads.sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, size);
  }
  return { reads, population };
}

function cellsOf(read: DrawnRead): readonly (string | number | null)[] {
  const { job, identity } = read;
  const name = job && `${job.repository} ${String(job.runId)}/${String(job.jobId)}.${String(job.attempt)}`;
  return [
    read.id,
    read.correlationId,
    read.at,
    read.vault,
    read.secret,
    read.version,
    read.grade,
    read.reason,
    name ?? identity.userPrincipalName ?? identity.objectId,
    job?.url ?? null,
    identity.objectId,
    read.address,
    read.roleAssignment,
    read.evidence.join(' | '),
    read.path,
    read.row,
  ];
}
