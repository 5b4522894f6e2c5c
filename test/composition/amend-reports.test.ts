import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordJob } from '../../src/audit/collection/job-ledger.ts';
import { recordLogReading, recordPostedReceipt } from '../../src/audit/collection/receipt-ledger.ts';
import { writeSlice } from '../../src/audit/collection/slice.ts';
import { amendReports } from '../../src/composition/amend-reports.ts';
import { reportPeriod } from '../../src/composition/report-period.ts';
import { exportPack, listPacks, readPackFile } from '../../src/evidence/pack/pack-archive.ts';
import { verifyAmendments } from '../../src/evidence/verify/verify-amendments.ts';
import { verifyPack } from '../../src/evidence/verify/verify-pack.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { callCommand } from '../commands/call-command.ts';
import * as given from '../audit/attribution-fixtures.ts';
import { knownSigner } from '../evidence/order.ts';
import { memoryRecords } from '../evidence/memory-records.ts';

const settings = readSettings({
  KEYTURN_VAULTS: 'https://kv.vault.azure.net',
  KEYTURN_IDENTITY_KIND: 'managed-identity',
  KEYTURN_DATA: '/data',
});
const [vault] = settings.vaults;
const day = (number: number) => ({
  from: new Date(`2026-03-0${String(number)}T00:00:00Z`),
  to: new Date(`2026-03-0${String(number + 1)}T00:00:00Z`),
});

function rowAt(at: string, id: string): Record<string, unknown> {
  return {
    TimeGenerated: at,
    OperationName: 'SecretGet',
    HttpStatusCode: 200,
    RequestUri: `${vault?.url ?? ''}/secrets/database/?api-version=7.4`,
    Id: `${vault?.url ?? ''}/secrets/database/v1`,
    CorrelationId: id,
    ResourceId: `/x/vaults/${vault?.name ?? ''}`,
  };
}

/** A service whose collector found these rows of 2 March, each time as a further slice. */
function service(now: string) {
  const records = memoryRecords();
  const clock = { now: new Date(now) };
  return {
    records,
    clock,
    ports: {
      records,
      policy: () => emptyPolicy,
      settings,
      signer: () => Promise.resolve(knownSigner()),
      now: () => clock.now,
    },
    collect: async (hour: number, ...ids: readonly string[]) => {
      const [from, to] = [hour, hour + 1].map((one) => `2026-03-02T${String(one).padStart(2, '0')}:00:00.000Z`);
      const rows = ids.map((id, index) => rowAt(`${(from ?? '').slice(0, 14)}0${String(index)}:00.0000000Z`, id));
      const query = { name: 'retrievals', sha256: 'ab'.repeat(32) };
      const counts = { controlTotal: rows.length, count: rows.length, added: rows.length };
      const about = { format: 1, from: from ?? '', to: to ?? '', query, ...counts, answers: [] } as const;
      await writeSlice(records, { ...about, collectedAt: clock.now.toISOString() }, rows);
    },
  };
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-amend-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** A sealed day, a row that arrives three days later, and the amendment; each pack in a folder of its own. */
async function amendedDay() {
  const { records, clock, ports, collect } = service('2026-03-05T06:00:00Z');
  await collect(8, 'c1', 'c2');
  const first = await reportPeriod(ports, { period: day(2), frameworks: ['soc2'] });
  expect(await amendReports(ports)).toBe(0);
  clock.now = new Date('2026-03-06T06:00:00Z');
  await collect(9, 'c3');
  expect(await amendReports(ports)).toBe(1);
  const amendment = (await listPacks(records)).at(-1);
  if (amendment === undefined) throw new Error('no amendment was made');
  return { records, clock, ports, first, amendment };
}

const read = async (records: ReturnType<typeof memoryRecords>, pack: string, file: string): Promise<string> =>
  Buffer.from((await readPackFile(records, pack, file)) ?? []).toString();

describe('a row that arrives after the seal', () => {
  it('makes an amendment that names its pack and the row; the sealed pack stays as it is', async () => {
    const { records, first, amendment, ports } = await amendedDay();
    expect(amendment).toMatchObject({ amends: first.id, previous: first.id, period: first.period });
    expect([first.reads.total, amendment.reads.total]).toEqual([2, 3]);
    const changes = (await read(records, amendment.id, 'read-changes.ndjson')).trim().split('\n');
    expect(changes.map((line) => JSON.parse(line) as object)).toMatchObject([
      { change: 'arrived', at: '2026-03-02T09:00:00.0000000Z', before: null, after: { grade: 'unattributed' } },
    ]);
    const html = await read(records, amendment.id, 'report.html');
    expect(html).toContain(`Amends ${first.id}: 1 read arrived after its seal, 0 grades changed.`);
    // Nothing more arrived.
    expect(await amendReports(ports)).toBe(0);
  });

  it('is told by the report of the next period, and by no later one', async () => {
    const { records, clock, ports, first, amendment } = await amendedDay();
    clock.now = new Date('2026-03-07T06:00:00Z');
    const next = await reportPeriod(ports, { period: day(3), frameworks: ['soc2'] });
    const sentence = `${first.id} was amended by ${amendment.id}.`;
    expect(await read(records, next.id, 'report.html')).toContain(sentence);
    clock.now = new Date('2026-03-08T06:00:00Z');
    const later = await reportPeriod(ports, { period: day(4), frameworks: ['soc2'] });
    expect(await read(records, later.id, 'report.html')).not.toContain(sentence);
  });

  it('amends nothing while rows of the period are still expected', async () => {
    const { ports, collect } = service('2026-03-03T06:00:00Z');
    await collect(8, 'c1');
    await reportPeriod(ports, { period: day(2), frameworks: ['soc2'] });
    await collect(9, 'c2');
    expect(await amendReports(ports)).toBe(0);
  });
});

describe('what arrives after the seal beside rows', () => {
  const sealedDay = async () => {
    const { records, clock, ports, collect } = service('2026-03-05T06:00:00Z');
    await collect(8, 'c1', 'c2');
    const early = given.job(1, { completedAt: null, status: 'in_progress', conclusion: null });
    await recordJob(records, early);
    await recordPostedReceipt(records, receiptFor('c1', 1), { postedAt: new Date('2026-03-02T08:01:00Z') });
    await reportPeriod(ports, { period: day(2), frameworks: ['soc2'] });
    clock.now = new Date('2026-03-06T06:00:00Z');
    // Told once more, by the log: it is no other receipt.
    await recordLogReading(records, early, {
      at: clock.now,
      logSha256: 'ab',
      state: 'growing',
      receipts: [receiptFor('c1', 1)],
    });
    expect(await amendReports(ports)).toBe(0);
    return { records, clock, ports, early };
  };
  const receiptFor = (request: string, sequence: number) => {
    const one = given.receipt(1, request, { sequence });
    return { ...one, requests: one.requests.map((asked) => ({ ...asked, at: '2026-03-02T08:00:00.000Z' })) };
  };

  it.each<[string, (sealed: Awaited<ReturnType<typeof sealedDay>>) => Promise<unknown>]>([
    [
      'a receipt that was posted late',
      ({ records, clock }) => recordPostedReceipt(records, receiptFor('c2', 2), { postedAt: clock.now }),
    ],
    [
      'a receipt that is found in a log only now',
      ({ records, clock, early }) =>
        recordLogReading(records, early, {
          at: clock.now,
          logSha256: 'cd',
          state: 'growing',
          receipts: [receiptFor('c2', 2)],
        }),
    ],
    [
      'a log that is read whole only now, which speaks against stamps without a receipt in it',
      ({ records, clock, early }) =>
        recordLogReading(records, early, { at: clock.now, logSha256: 'ab', state: 'settled', receipts: [] }),
    ],
    ['a job of which Gitea told late', ({ records }) => recordJob(records, given.job(2))],
    ['the end of a job', ({ records }) => recordJob(records, given.job(1))],
  ])('makes an amendment: %s', async (_what, arrives) => {
    const sealed = await sealedDay();
    await arrives(sealed);
    expect(await amendReports(sealed.ports)).toBe(1);
    expect(await amendReports(sealed.ports)).toBe(0);
  });

  it('makes none for a log that was read whole before the seal, or of a job that the pack does not list', async () => {
    const { records, clock, ports } = await sealedDay();
    const whole = { at: clock.now, logSha256: 'ab', state: 'settled', receipts: [] } as const;
    await recordLogReading(records, given.job(1), whole);
    await amendReports(ports);
    await recordLogReading(records, given.job(1), { ...whole, at: new Date('2026-03-07T06:00:00Z') });
    await recordLogReading(records, given.job(3), whole);
    expect(await amendReports(ports)).toBe(0);
  });

  it('makes none where only the name of a repository changed', async () => {
    const { records, ports, early } = await sealedDay();
    await recordJob(records, { ...early, repository: 'acme/renamed' });
    expect(await amendReports(ports)).toBe(0);
  });
});

describe('a pack that is older than a workspace keeps its rows', () => {
  it('is still looked at, once a week: an archive may give rows of it', async () => {
    const { clock, ports, collect } = service('2026-03-05T06:00:00Z');
    await collect(8, 'c1');
    await reportPeriod(ports, { period: day(2), frameworks: ['soc2'] });
    await collect(9, 'c2');
    // A Sunday, and the Monday after it.
    clock.now = new Date('2027-03-07T02:30:00Z');
    expect(await amendReports(ports)).toBe(0);
    clock.now = new Date('2027-03-08T02:30:00Z');
    expect(await amendReports(ports)).toBe(1);
    expect(await amendReports(ports)).toBe(0);
  });
});

describe('keyturn verify of an amendment', () => {
  it('compares it with the pack that it amends, and says so if that was not given', async () => {
    const { records, first, amendment } = await amendedDay();
    const [one, other] = [join(folder, 'first'), join(folder, 'amendment')];
    await exportPack(records, first.id, one);
    await exportPack(records, amendment.id, other);
    const both = await callCommand(['verify', one, other]);
    expect([both.code, both.printed]).toEqual([
      0,
      expect.arrayContaining([`${other} amends ${first.id} and names every read that differs.`]),
    ]);
    const alone = await callCommand(['verify', other]);
    expect([alone.code, alone.printed]).toEqual([
      0,
      expect.arrayContaining([`${other} amends ${first.id}, which was not given.`]),
    ]);
  });

  it.each([
    ['hides the read that arrived', () => '', /does not name that [0-9a-f]+ arrived \(row 1 of read-changes\.ndjson\)/],
    ['names a read that did not change', (text: string) => `${text}${text}`, /names a read that does not differ/],
    ['says something else of it', (text: string) => text.replace('arrived', 'left'), /does not name that/],
  ])('refuses one that %s, whoever sealed it', async (name, change, says) => {
    const { records, first, amendment } = await amendedDay();
    const given = [];
    for (const [index, { id }] of [first, amendment].entries()) {
      const directory = join(folder, `${name} ${String(index)}`);
      await exportPack(records, id, directory);
      const { link, outcome } = await verifyPack(directory);
      given.push({ directory, folder: directory, verification: { link, outcome } });
    }
    const changes = join(folder, `${name} 1`, 'read-changes.ndjson');
    await writeFile(changes, change(await readFile(changes, 'utf8')));
    expect(await verifyAmendments(given, new AbortController().signal)).toMatchObject([
      { outcome: 'disagrees', message: expect.stringMatching(says) as string },
    ]);
  });

  it('ends with 1 if the pack given under that name has other contents', async () => {
    const { records, amendment } = await amendedDay();
    const other = service('2026-03-05T06:00:00Z');
    await other.collect(8, 'c1');
    const remade = await reportPeriod(other.ports, { period: day(2), frameworks: ['soc2'] });
    await exportPack(other.records, remade.id, join(folder, 'remade'));
    await exportPack(records, amendment.id, join(folder, 'honest'));
    const { code, printed } = await callCommand(['verify', join(folder, 'remade'), join(folder, 'honest')]);
    expect([code, printed.join('\n')]).toEqual([1, expect.stringContaining('amends a pack of other contents')]);
  });
});
