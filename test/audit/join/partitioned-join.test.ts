import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import { attributeFiles } from '../../../src/audit/join/attribute-files.ts';
import type { JoinDivision } from '../../../src/audit/join/join-plan.ts';
import { readJobFile } from '../../../src/audit/files/read-job-file.ts';
import { readReceiptFile, toLedgerReceipt } from '../../../src/audit/files/read-receipt-file.ts';
import { createScratchFolder } from '../../../src/audit/join/disk/scratch-folder.ts';
import { instantAt, instantOf, momentAt, momentOf } from '../../../src/audit/parsing/moment.ts';
import { parseAuditRow } from '../../../src/audit/parsing/parse-audit-row.ts';
import type { Attribution } from '../../../src/audit/model/attribution.ts';
import { jobName } from '../../../src/audit/model/job-name.ts';
import type { Job } from '../../../src/audit/model/job.ts';
import * as given from '../attribution-fixtures.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`partitioned join: KEYTURN_TEST_SEED=${String(seed)}`);
const run = { seed, numRuns: 150 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-partitioned-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Few moments of three days, so that they meet; on both sides of midnight and of an hour. */
const seconds = fc.constantFrom(
  -86_000,
  -3_601,
  -2,
  0,
  100,
  115,
  3_600,
  57_590,
  57_599,
  57_601,
  57_612,
  90_000,
  150_000,
);
const jobIds = fc.integer({ min: 1, max: 9 });
const correlationIds = fc.integer({ min: 1, max: 12 }).map((number) => `c${String(number)}`);

const jobs: fc.Arbitrary<Job> = fc
  .record({
    id: jobIds,
    attempt: fc.constantFrom(1, 1, 2),
    start: seconds,
    length: fc.constantFrom(30, 600, 40_000, 200_000),
    shop: fc.boolean(),
    life: fc.constantFrom('ended', 'ended', 'ended', 'runs', 'waits', 'overtaken', 'hook'),
  })
  .map(({ id, attempt, start, length, shop, life }) => {
    const end = given.moment(start + length);
    return given.job(id, {
      attempt,
      repository: shop ? 'acme/shop' : 'Acme/Blog',
      createdAt: given.moment(start - 5),
      startedAt: life === 'waits' || life === 'overtaken' ? null : given.moment(start),
      completedAt: life === 'runs' || life === 'waits' ? null : end,
      status: life === 'runs' ? 'in_progress' : life === 'waits' ? 'waiting' : 'completed',
      known: life === 'hook' ? 'hook' : 'api',
      ...(life === 'overtaken' ? { endedBetween: { after: given.moment(start), before: end } } : {}),
    });
  });

const receipts: fc.Arbitrary<object> = fc
  .record({
    job: jobIds,
    ids: fc.array(correlationIds, { minLength: 1, maxLength: 3 }),
    second: seconds,
    isPosted: fc.boolean(),
    nonce: fc.constantFrom('0a1b2c3d', '0a1b2c3d', '00000002'),
  })
  .map(({ job, ids, second, isPosted, nonce }) => {
    const requests = ids.map((id) => ({ id: id.toUpperCase(), status: 200, at: given.moment(second) }));
    const receipt = given.receipt(job, ids[0] ?? '', { requests, nonce, vault: 'KV' });
    return isPosted ? { postedAt: given.moment(second), receipt } : receipt;
  });

const rows: fc.Arbitrary<unknown> = fc
  .record({
    id: correlationIds,
    second: seconds,
    who: fc.constantFrom('shared', 'dedicated', 'elsewhere', 'nobody'),
    stamped: fc.option(jobIds),
    address: fc.constantFrom('20.1.1.1', '20.1.1.2', '99.9.9.9'),
    operation: fc.constantFrom('SecretGet', 'SecretGet', 'SecretGet', 'SecretList'),
  })
  .map(({ id, second, who, stamped, address, operation }) => ({
    TimeGenerated: given.at(second),
    OperationName: operation,
    HttpStatusCode: 200,
    Id: 'https://kv.vault.azure.net/secrets/database/v1',
    RequestUri: 'https://kv.vault.azure.net/secrets/database?api-version=7.6',
    Identity: { claim: { oid: who, appid: `${who}-app` } },
    CallerIpAddress: address,
    ClientInfo: stamped === null ? 'Ünknown/1.0' : given.stamp(stamped),
    CorrelationId: id,
    _ResourceId: '/subscriptions/s/providers/microsoft.keyvault/vaults/kv',
  }));

/** Lines of a file of rows: mostly one row each, also several in a line, an empty line, and one that is no row. */
const rowLines = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: rows.map((row) => JSON.stringify(row)) },
    { weight: 2, arbitrary: fc.array(rows, { maxLength: 4 }).map((records) => JSON.stringify({ records })) },
    { weight: 1, arbitrary: fc.constantFrom('', '\r', '{"broken', '{"no":"row"}') },
  ),
  { maxLength: 40 },
);

const divisions: fc.Arbitrary<JoinDivision> = fc.record({
  blockBytes: fc.constantFrom(64, 500, 3_000, 1 << 20),
  slotMs: fc.constantFrom(60_000, 3_600_000, 86_400_000),
  entriesAWindow: fc.constantFrom(1, 3, 1_000),
  fewWindows: fc.constantFrom(0, 1, 4),
  worthLoading: fc.constantFrom(1, 2, 64),
  windowsHeld: fc.constantFrom(1, 2, 8),
  threads: fc.constant(0),
});

interface World {
  readonly rows: readonly string[];
  readonly jobs: readonly Job[];
  readonly receipts: readonly object[];
}

const worlds: fc.Arbitrary<World> = fc.record({
  rows: rowLines,
  jobs: fc.array(jobs, { maxLength: 14 }),
  receipts: fc.array(receipts, { maxLength: 14 }),
});

let worldCount = 0;

/** Writes the files of a world. */
async function write(world: World) {
  worldCount += 1;
  const at = (name: string) => join(folder, `${String(worldCount)}-${name}.ndjson`);
  const lines = (values: readonly object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  await writeFile(at('rows'), world.rows.join('\n'));
  await writeFile(at('jobs'), lines(world.jobs));
  await writeFile(at('receipts'), lines(world.receipts));
  return { retrievals: at('rows'), jobs: at('jobs'), receipts: at('receipts'), out: at('out') };
}

async function joined(world: World, division: Partial<JoinDivision>) {
  const files = await write(world);
  const counts = await attributeFiles({ ...files, policy: given.policy(), division });
  return { counts, lines: await readFile(files.out, 'utf8'), files };
}

function lineOf({ retrieval, grade, job, candidates, reason, evidence }: Attribution): string {
  const name = job === null ? null : jobName(job);
  return `${JSON.stringify({ id: retrieval.id, grade, job: name, candidates, reason, evidence })}\n`;
}

/** The lines by one attributor over everything. */
async function attributedInMemory(world: World, files: { readonly jobs: string; readonly receipts: string }) {
  const held = (await readReceiptFile(files.receipts)).map(toLedgerReceipt);
  const sources = { policy: given.policy(), jobs: await readJobFile(files.jobs), receipts: held, rotations: [] };
  const attributor = createAttributor(sources);
  const values = world.rows.flatMap((line): unknown[] => {
    if (!line.endsWith('}')) return [];
    const value = JSON.parse(line) as { readonly records?: readonly unknown[] };
    return [...(value.records ?? [value])];
  });
  return values
    .flatMap((value) => {
      const parsed = parseAuditRow(value, '');
      return parsed.outcome === 'parsed' && parsed.retrieval.kind === 'read'
        ? [lineOf(attributor.attribute(parsed.retrieval))]
        : [];
    })
    .join('');
}

describe('a join in partitions', () => {
  it('equals the join in memory line for line, in any order of the files and any division', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, divisions, async (world, division) => {
        const { lines, counts, files } = await joined(world, division);
        expect(lines).toBe(await attributedInMemory(world, files));
        expect(lines.split('\n').length - 1).toBe(counts.attributed);
        expect(Object.values(counts.grades).reduce((sum, one) => sum + one, 0)).toBe(counts.attributed);
      }),
      run,
    );
  });

  it('adds up: the lines of two halves of the rows are those of the whole, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, divisions, fc.nat(40), async (world, division, cut) => {
        // References name the files, so all three joins read the same ones.
        const { files, lines } = await joined(world, division);
        const half = async (part: readonly string[]) => {
          await writeFile(files.retrievals, part.join('\n'));
          await attributeFiles({ ...files, policy: given.policy(), division });
          return await readFile(files.out, 'utf8');
        };
        expect((await half(world.rows.slice(0, cut))) + (await half(world.rows.slice(cut)))).toBe(lines);
      }),
      { ...run, numRuns: 60 },
    );
  });

  it('has the same lines with threads of its own', async () => {
    const [world = { rows: [], jobs: [], receipts: [] }] = fc.sample(worlds, { numRuns: 1, seed });
    const small = { blockBytes: 500, entriesAWindow: 2, fewWindows: 1 };
    const { files, lines, counts } = await joined(world, { ...small, threads: 0 });
    const threaded = await attributeFiles({ ...files, policy: given.policy(), division: { ...small, threads: 2 } });
    expect(await readFile(files.out, 'utf8')).toBe(lines);
    expect(threaded).toEqual(counts);
  });

  it('finds the job of another month that a stamp names, on disk', async () => {
    const stamped = (jobId: number, second: number) =>
      JSON.stringify({
        TimeGenerated: given.at(second),
        OperationName: 'SecretGet',
        HttpStatusCode: 200,
        Id: 'https://kv.vault.azure.net/secrets/database/v1',
        RequestUri: 'https://kv.vault.azure.net/secrets/database?api-version=7.6',
        Identity: { claim: { oid: 'shared', appid: 'shared-app' } },
        CallerIpAddress: '20.1.1.1',
        ClientInfo: given.stamp(jobId),
        CorrelationId: `c${String(second)}`,
        _ResourceId: '/subscriptions/s/providers/microsoft.keyvault/vaults/kv',
      });
    const month = 31 * 86_400;
    const jobAt = (id: number, start: number) =>
      given.job(id, {
        createdAt: given.moment(start - 5),
        startedAt: given.moment(start),
        completedAt: given.moment(start + 600),
      });
    const world = {
      rows: [stamped(1, 100), stamped(2, 101), stamped(3, 102)],
      jobs: [jobAt(1, 0), jobAt(2, -month)],
      receipts: [],
    };
    const { lines } = await joined(world, { entriesAWindow: 1, windowsHeld: 1, threads: 0 });
    const reasons = lines.split('\n').flatMap((line) => (line === '' ? [] : [/"reason":"([^"]+)"/.exec(line)?.[1]]));
    expect(reasons).toEqual(['stamp-confirmed', 'job-was-not-running', 'stamp-of-unknown-job']);
  });

  it('names the first invalid receipt, whichever block it is in', async () => {
    const world = {
      rows: [],
      jobs: [],
      receipts: [given.receipt(1, 'c1'), given.receipt(2, 'c2'), { a: 1 }, { b: 2 }],
    };
    const files = await write(world);
    await expect(attributeFiles({ ...files, division: { blockBytes: 100 } })).rejects.toMatchObject({
      code: 'RECORD_UNREADABLE',
      details: { path: `${files.receipts}:3` },
    });
  });
});

describe("a join's scratch folder", () => {
  it('is gone after the join, and after a refused one', async () => {
    const before = await readdir(tmpdir());
    await joined({ rows: [], jobs: [], receipts: [] }, {});
    await expect(attributeFiles({ retrievals: join(folder, 'absent') })).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
    const own = (await readdir(tmpdir())).filter((name) => name.startsWith(`keyturn-join-${String(process.pid)}-`));
    expect(own.filter((name) => !before.includes(name))).toEqual([]);
  });

  it('is swept a day after its process was killed, and not while a process runs or may run elsewhere', async () => {
    const parent = join(folder, 'scratch');
    const now = new Date('2026-03-05T00:00:00Z');
    // No process has this number: Linux ends at 2^22.
    for (const [name, age] of [
      ['keyturn-join-99999999-old', 25],
      ['keyturn-join-99999999-new', 1],
      [`keyturn-join-${String(process.pid)}-own`, 25],
      ['other', 25],
    ] as const) {
      const at = new Date(now.getTime() - age * 3_600_000);
      mkdirSync(join(parent, name), { recursive: true });
      await utimes(join(parent, name), at, at);
    }
    const made = await createScratchFolder(now, parent);
    const left = (await readdir(parent)).filter((name) => join(parent, name) !== made);
    expect(left.sort()).toEqual(
      [`keyturn-join-${String(process.pid)}-own`, 'keyturn-join-99999999-new', 'other'].sort(),
    );
  });
});

describe('the time of a job or receipt', () => {
  it('is what Date.parse says, of whatever text', () => {
    const times = fc
      .date({ noInvalidDate: true, min: new Date('-000100-01-01'), max: new Date('+012000-01-01') })
      .map((date) => date.toISOString());
    const nearly = fc.constantFrom(
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00.000Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T23:59:60Z',
      '2026-01-01T10:00:00+02:00',
      '2026-01-01',
      '',
    );
    const texts = fc.oneof(
      times,
      times.map((text) => text.replace(/\.\d{3}/, '')),
      nearly,
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(instantOf(text)).toBe(Date.parse(text));
        const bytes = Buffer.from(`"${text}"`);
        const read = instantAt(bytes, 1, bytes.length - 1);
        if (!Number.isNaN(read)) expect(read).toBe(Date.parse(text));
      }),
      { ...run, numRuns: 500 },
    );
  });
});

describe("the moment of a row's time", () => {
  it('is what Date.parse says', () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
        fc.nat(9_999),
        (date, ticks) => {
          const text = date.toISOString().replace('Z', `${String(ticks).padStart(4, '0')}Z`);
          expect(momentOf(text)).toBe(Date.parse(text));
          expect(momentAt(Buffer.from(`"${text}"`), 1, 1 + text.length)).toBe(Date.parse(text));
        },
      ),
      run,
    );
  });
});
