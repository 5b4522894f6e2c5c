import { describe, expect, it } from 'vitest';
import { takeCollectionTurn } from '../../src/audit/collection/collection-turn.ts';
import { policiesOn } from '../../src/audit/collection/policy-ledger.ts';
import { refusedReceipts } from '../../src/audit/collection/receipt-room.ts';
import { readFindingSteps } from '../../src/audit/findings/life/finding-record.ts';
import { postureAt } from '../../src/audit/posture/posture-ledger.ts';
import { readSession } from '../../src/broker/journal/session-journal.ts';
import { matterBook } from '../../src/composition/people/matter-book.ts';
import { readGrant } from '../../src/grants/grant-journal.ts';
import { outboxRecord } from '../../src/notify/outbox-record.ts';
import { readRetention } from '../../src/retention/retention-record.ts';
import { tallyRefusal } from '../../src/rotation/events/tally-refusals.ts';
import { readHead } from '../../src/rotation/journal/kept-head.ts';
import { changeIndex } from '../../src/rotation/journal/target-index.ts';
import { readJournal } from '../../src/rotation/journal/target-journal.ts';
import { canaryReads, readCanaryOnceAnHour } from '../../src/audit/collection/canary-ledger.ts';
import { jobCollection } from '../../src/audit/collection/job-collection.ts';
import { namedJobs, nameJobs } from '../../src/audit/collection/named-jobs.ts';
import { inventoryAt, recordInventory } from '../../src/audit/collection/inventory-ledger.ts';
import { jobsOf, recordJob } from '../../src/audit/collection/job-ledger.ts';
import { ownReads, recordCheck, recordOwnRead } from '../../src/audit/collection/own-read-ledger.ts';
import { receiptsOf, recordLogReading, recordPostedReceipt } from '../../src/audit/collection/receipt-ledger.ts';
import { retrievalCollection, saveRetrievalCollection } from '../../src/audit/collection/retrieval-collection.ts';
import { slicesOf, writeSlice } from '../../src/audit/collection/slice.ts';
import { indexPayloadType, openEnvelope, sealEnvelope } from '../../src/evidence/pack/dsse-envelope.ts';
import { packDownloads, recordPackDownload } from '../../src/evidence/pack/download-ledger.ts';
import { enterPack, listPacks } from '../../src/evidence/pack/pack-archive.ts';
import { producePack } from '../../src/evidence/produce-pack.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { ServiceError } from '../../src/service-error.ts';
import { silentLogger } from '../../src/log/logger.ts';
import { recordedTokens } from '../../src/web/tokens/token-book.ts';
import { recordedSpentTokens } from '../../src/web/sign-in/spent-tokens.ts';
import { job, receipt } from '../docs/format-examples.ts';
import { knownSigner, orderOf } from '../evidence/order.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { personCalled } from '../provenance/people.ts';

const now = new Date('2026-03-09T15:00:00.000Z');
const at = now.toISOString();
const period = { from: new Date('2026-03-09T00:00:00Z'), to: new Date('2026-03-10T00:00:00Z') };

interface Kind {
  readonly name: string;
  /** Writes one record with every member that it may have. */
  readonly write: (records: RecordStore) => Promise<unknown>;
  /** Reads all that the service reads of it. */
  readonly read: (records: RecordStore) => Promise<unknown>;
  /** Members that are named by their content, and those that may be absent. */
  readonly free?: RegExp;
}

const kinds: readonly Kind[] = [
  {
    name: 'an attempt of a job',
    write: (records) => recordJob(records, job),
    read: (records) => all(jobsOf(records, period)),
  },
  {
    name: 'how far the jobs are collected',
    write: (records) => {
      const refused = { what: 'repository/7', name: 'acme/shop', why: 'GITEA_ACCESS_DENIED', lasting: true, since: at };
      const unfinished = [{ job, seenAt: at }];
      const state = { format: 1, marks: { site: 52 }, completeTo: at, unfinished, notRead: [refused] };
      return records.create('collection/jobs.json', Buffer.from(JSON.stringify(state)));
    },
    read: jobCollection,
    free: /^marks\.site$/,
  },
  {
    name: 'a download',
    write: (records) =>
      recordPackDownload(records, { at, by: personCalled('ann'), pack: '2026-q1', file: 'report.html' }),
    read: (records) => packDownloads(records, '2026-q1'),
    // A person is parsed as a whole, and a fault in one is named at `by`.
    free: /^by\./,
  },
  {
    name: 'jobs to be asked for',
    write: (records) => nameJobs(records, [{ jobId: 52, repositoryId: 7, repository: 'acme/shop' }], now),
    read: namedJobs,
  },
  {
    name: 'how far the log is collected',
    write: (records) =>
      saveRetrievalCollection(
        records,
        {
          format: 1,
          since: at,
          readTo: at,
          watermark: at,
          jumpedFrom: at,
          held: { [at]: 3 },
          unread: [{ from: at, to: at, why: 'LOG_QUERY_PARTIAL' }],
          queries: { abc: { name: 'retrievals', text: 'AZKVAuditLogs' } },
        },
        null,
      ),
    read: retrievalCollection,
    free: /^(held\..*|queries\.abc|jumpedFrom)$/,
  },
  {
    name: "a slice's header",
    write: (records) =>
      writeSlice(
        records,
        {
          format: 1,
          from: '2026-03-09T14:00:00.000Z',
          to: at,
          query: { name: 'retrievals', sha256: 'abc' },
          controlTotal: 1,
          count: 1,
          added: 1,
          answers: ['def'],
          collectedAt: at,
        },
        [{ OperationName: 'SecretGet' }],
      ),
    read: (records) => all(slicesOf(records, period)),
  },
  {
    name: 'reads of the canary',
    write: (records) => {
      const reads = [{ vault: 'kv', secret: 'canary', correlationId: 'id-1', at }];
      return readCanaryOnceAnHour(records, { read: () => Promise.resolve(reads) }, now);
    },
    read: (records) => canaryReads(records, period),
  },
  {
    name: "a read of Keyturn's own",
    write: (records) => recordOwnRead(records, { vault: 'kv', secret: 'token', version: 'v1', at, purpose: 'setting' }),
    read: (records) => ownReads(records, period),
  },
  {
    name: 'checks of the value in force',
    write: (records) => recordCheck(records, { vault: 'kv', secret: 'token', version: 'v1', at }),
    read: (records) => ownReads(records, period),
  },
  {
    name: 'a receipt that was posted',
    write: (records) => recordPostedReceipt(records, receipt, { postedAt: now }),
    read: (records) => all(receiptsOf(records, period)),
  },
  {
    name: 'receipts of a log',
    write: (records) =>
      recordLogReading(records, job, { at: now, logSha256: 'abc', state: 'settled', receipts: [receipt] }),
    read: (records) => all(receiptsOf(records, period)),
  },
  {
    name: 'an inventory of the vaults',
    write: (records) =>
      recordInventory(
        records,
        [
          {
            vault: 'kv',
            secret: 'database',
            version: 'v1',
            enabled: true,
            created: at,
            expires: at,
            environment: 'prod',
            issuer: 'generated',
            validityDays: 90,
            tags: { team: 'shop' },
          },
        ],
        now,
      ),
    read: (records) => inventoryAt(records, period.to),
    free: /^entries\.0\.tags/,
  },
  {
    name: 'tokens that count no more',
    write: (records) => recordedSpentTokens(records, () => now).spend('id-1', period.to),
    read: (records) => recordedSpentTokens(records, () => now).isSpent('id-1'),
    free: /^spent\.id-1$/,
  },
  {
    name: 'an API token that was revoked',
    write: async (records) => {
      const book = recordedTokens({ records, now: () => now, logger: silentLogger });
      const by = personCalled('ann');
      const { token } = await book.create({ name: 'ci', scopes: ['read'], lifetimeMs: 1_000, by });
      await book.revoke(token.id, by);
    },
    read: (records) => recordedTokens({ records, now: () => now, logger: silentLogger }).list(),
    // A person is parsed as a whole; the id is that of the record's name.
    free: /^(createdBy|revoked\.by)\.|^scopes\.0$/,
  },
];

/** Further records, and what reads them. */
const readers: readonly (readonly [path: string, read: (records: RecordStore) => Promise<unknown>])[] = [
  ['journal/app/00000001.json', (records) => readJournal(records, 'app')],
  ['rotation/heads/app.json', (records) => readHead(records, 'app')],
  ['rotation/targets.json', (records) => changeIndex(records, () => new Map())],
  ['broker/aaaaaaaa-000000000009/00001.json', (records) => readSession(records, 'aaaaaaaa-000000000009')],
  ['grants/aaaaaaaa-000000000009.0123456789ab/00001.json', readFirstGrant],
  ['receipts/room/2026-03/aaaaaaaa-9.json', (records) => refusedReceipts(records, period)],
  ['policies/20260309T150000Z-abc.json', policiesOn],
  ['findings/00000001.json', readFindingSteps],
  ['posture/2026-03/2026-03-09T1400.json', (records) => postureAt(records, now)],
  ['collection/turn-only.json', (records) => takeCollectionTurn(records, 'only', () => now)],
  ['collection/archive.json', (records) => retrievalCollection(records, 'beside')],
  ['retention/entries/00000001.json', readRetention],
  ['notifications/mail/outbox.json', (records) => outboxRecord(records, 'mail').change((pending) => pending)],
  ['notifications/matters.json', (records) => matterBook(records, () => now).open()],
];

async function readFirstGrant(records: RecordStore): Promise<unknown> {
  return await readGrant(records, 'aaaaaaaa-000000000009.0123456789ab');
}

/** The reason that names the version of a record and that of this release. */
const saysNewer = (): unknown => expect.stringMatching(newer);
const newer = /written by a newer version: format 2, this one reads up to 1$/;

describe('a stored record', () => {
  it.each(kinds)('of $name is read as it was written', async ({ write, read }) => {
    const records = memoryRecordStore();
    await write(records);
    expect(await read(records)).toBeTruthy();
  });

  it.each(kinds)('of $name is refused with its path and place when a member is absent', async (kind) => {
    const { paths, refusal } = await refusals(kind, (members, name) => delete members[name]);
    expect(paths.length).toBeGreaterThan(1);
    for (const place of paths) expect([place, await refusal(place)]).toEqual([place, refusedAt(place)]);
  });

  it.each(kinds)('of $name is refused with its path and place when a member is of another kind', async (kind) => {
    const { paths, refusal } = await refusals(kind, (members, name) => {
      members[name] = Array.isArray(members[name]) ? {} : [];
    });
    for (const place of paths) expect([place, await refusal(place)]).toEqual([place, refusedAt(place)]);
  });

  it.each(kinds)('of $name is told by its path and its version when a newer version wrote it', async (kind) => {
    const { refusal } = await refusals(kind, (members) => (members['format'] = 2));
    expect(await refusal('format')).toEqual({ path: true, reason: saysNewer() });
  });

  it.each(readers)('at %s is told by its path and its version when a newer version wrote it', async (path, read) => {
    const records = memoryRecordStore();
    await records.create(path, Buffer.from('{"format":2,"content":"of another kind"}\n'));
    const caught = await read(records).catch((error: unknown) => error);
    expect(caught).toMatchObject({
      code: 'RECORD_UNREADABLE',
      details: { path, reason: saysNewer() },
    });
    // What this version does not know is as it was.
    const stored = await records.read(path);
    expect(Buffer.from(stored?.bytes ?? []).toString()).toContain('of another kind');
  });

  it('of refused events of a newer version is left as it is', async () => {
    const records = memoryRecordStore();
    const event = { reason: 'unknown-vault', eventId: 'e', topic: 't', type: 'x' };
    const memory = { refusals: new Map() };
    const path = `events/2026-03-09/1500-${event.reason}.refused.json`;
    await records.create(path, Buffer.from('{"format":2,"count":1}'));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of an event only its reason matters
    await tallyRefusal({ records, memory, now: () => now } as never, event as never);
    expect(Buffer.from((await records.read(path))?.bytes ?? []).toString()).toBe('{"format":2,"count":1}');
  });

  it('of the archive is told by its version when a newer version wrote its index', async () => {
    const records = memoryRecordStore();
    const payload = Buffer.from('{"format":2,"packs":[]}');
    await records.create('archive/index.dsse.json', await sealEnvelope(knownSigner(), indexPayloadType, payload));
    await expect(listPacks(records)).rejects.toMatchObject({ details: { reason: saysNewer() } });
  });

  it('of the archive is refused with its path and place when a member of its index is absent', async () => {
    const summary = await producePack(orderOf({ records: memoryRecordStore() }));
    const index = JSON.parse(JSON.stringify({ format: 1, packs: [summary] })) as object;
    for (const place of placesIn(index).filter((one) => !one.includes('.grades.'))) {
      const records = memoryRecordStore();
      const damaged = structuredClone(index);
      change(damaged, place, (members, name) => delete members[name]);
      const sealed = await sealEnvelope(knownSigner(), indexPayloadType, Buffer.from(JSON.stringify(damaged)));
      // A signer would never sign this; only the shape is looked at here.
      expect(openEnvelope(sealed)).not.toBeNull();
      await records.create('archive/index.dsse.json', sealed);
      const caught = await listPacks(records).catch((error: unknown) => error);
      expect([place, caught]).toMatchObject([
        place,
        { code: 'RECORD_UNREADABLE', details: { path: 'archive/index.dsse.json', reason: startsWith(place) } },
      ]);
    }
    const records = memoryRecordStore();
    await enterPack(records, knownSigner(), { packs: [], revision: null }, summary);
    expect(await listPacks(records)).toEqual([summary]);
  });
});

type Change = (members: Record<string, unknown>, name: string) => void;

/** Places of one kind's record, and what reading it says after a change at one of them. */
async function refusals({ write, read, free }: Kind, damage: Change) {
  const written = memoryRecordStore();
  await write(written);
  const [path = ''] = await all(written.list(''));
  const stored = await written.read(path);
  const [first = '', ...rest] = Buffer.from(stored?.bytes ?? [])
    .toString('utf8')
    .split('\n');
  const whole = JSON.parse(first) as object;
  const paths = placesIn(whole).filter((place) => free?.test(place) !== true && !place.startsWith('receipt.'));
  return {
    paths,
    refusal: async (place: string): Promise<unknown> => {
      const damaged = structuredClone(whole);
      change(damaged, place, damage);
      const records = memoryRecordStore();
      await records.create(path, Buffer.from([JSON.stringify(damaged), ...rest].join('\n')));
      const caught = await read(records).catch((error: unknown) => error);
      if (!ServiceError.is(caught, 'RECORD_UNREADABLE')) return { read: caught };
      return { path: caught.details.path === path, reason: caught.details.reason };
    },
  };
}

function refusedAt(place: string): unknown {
  return { path: true, reason: startsWith(place) };
}

async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function startsWith(place: string): unknown {
  return expect.stringMatching(new RegExp(`^(line 1: )?${place.replaceAll('.', '\\.')}: `));
}

/** Dotted places of all members, outermost first; of a list its first entry. */
function placesIn(value: object, within = ''): string[] {
  const members: [string, unknown][] = Object.entries(value);
  const named = Array.isArray(value) ? members.slice(0, 1) : members;
  return named.flatMap(([name, member]) => {
    const place = `${within}${name}`;
    const own = Array.isArray(value) ? [] : [place];
    return typeof member === 'object' && member !== null ? [...own, ...placesIn(member, `${place}.`)] : own;
  });
}

function change(value: object, place: string, damage: Change): void {
  const names = place.split('.');
  const last = names.pop() ?? '';
  const members = names.reduce<Record<string, unknown>>(
    (inner, name) => inner[name] as Record<string, unknown>,
    value as Record<string, unknown>,
  );
  damage(members, last);
}
