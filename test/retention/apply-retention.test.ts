import { describe, expect, it } from 'vitest';
import { applyRetention, planRetention } from '../../src/retention/apply-retention.ts';
import { deletedIn } from '../../src/retention/history/deletions.ts';
import { appendRetention, readRetention } from '../../src/retention/retention-record.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { personCalled } from '../provenance/people.ts';
import { digestOf, listedIn, pathsIn, put, retentionWorld } from './retention-world.ts';

const old = ['slices/2027-03-09/140000000-150000000-0001.ndjson', 'slices/2027-03-09/140000000-150000000-0002.ndjson'];

async function hold(records: RecordStore, from: string | null, to: string | null): Promise<void> {
  const facts = { act: 'hold', by: personCalled('ann'), reason: 'case 4711', from, to } as const;
  await appendRetention(records, await readRetention(records), { at: new Date('2029-06-01T00:00:00Z'), facts });
}

async function standings(tools: Parameters<typeof planRetention>[0]): Promise<string[]> {
  const found: string[] = [];
  for await (const { unit, standing } of planRetention(tools))
    found.push(`${unit.name} ${standing.goes ? `goes after ${standing.rule}` : standing.because}`);
  return found;
}

describe('records that are old enough', () => {
  it('go, each day with an entry before and after that names them with their digests', async () => {
    const { records, tools } = retentionWorld();
    for (const path of [...old, 'canaries/2027-03-09/14.json']) await put(records, path);
    expect(await applyRetention(tools)).toBe(3);
    expect(await pathsIn(records)).toEqual([]);
    const entries = await readRetention(records);
    expect(entries.map(({ facts }) => facts)).toMatchObject([
      {
        act: 'delete',
        kind: 'slices',
        name: 'slices/2027-03-09/',
        from: '2027-03-09T00:00:00.000Z',
        records: 2,
        rule: '365d',
      },
      { act: 'deleted', of: 1, records: 2, kept: 0 },
      { act: 'delete', kind: 'slices', name: 'canaries/2027-03-09/', records: 1 },
      { act: 'deleted', of: 3, records: 1, kept: 0 },
    ]);
    const [first = ''] = old;
    expect((await listedIn(records)).get(first)).toBe(digestOf({ path: first }));
  });

  it('stay while they are young, while no final pack holds them and the 31 days after, and where a rule keeps the kind', async () => {
    const { records, tools } = retentionWorld();
    const young = 'slices/2028-06-15/140000000-150000000-0001.ndjson';
    const unsealed = 'slices/2028-03-09/140000000-150000000-0001.ndjson';
    const edge = 'slices/2027-12-05/140000000-150000000-0001.ndjson';
    const before = 'slices/2025-12-31/140000000-150000000-0001.ndjson';
    const lastSealed = 'slices/2027-11-30/140000000-150000000-0001.ndjson';
    const month = 'jobs/2027-12/one.json';
    for (const path of [young, unsealed, edge, before, lastSealed, month]) await put(records, path);
    expect(await standings(tools)).toEqual([
      'slices/2025-12-31/ not-sealed',
      'slices/2027-11-30/ goes after 365d',
      'slices/2027-12-05/ not-sealed',
      'slices/2028-03-09/ not-sealed',
      'jobs/2027-12/ not-sealed',
    ]);
    expect(await standings({ ...tools, rules: { ...tools.rules, slices: null } })).toEqual([
      'jobs/2027-12/ not-sealed',
    ]);
    await applyRetention(tools);
    expect(await pathsIn(records)).toEqual([month, before, edge, unsealed, young].sort());
  });

  it('never go that no rule names: packs, policies, decisions, the record of deletions itself', async () => {
    const { records, tools } = retentionWorld();
    const kept = [
      'archive/2026/manifest.json',
      'collection/jobs.json',
      'findings/00000001.json',
      'heads/2026-03-09.dsse.json',
      'policies/2026-01-01T00-00-00-000Z-abc.json',
      'rotation/targets.json',
      'slices/what-is-this/one.ndjson',
      'web/session-key',
    ];
    for (const path of kept) await put(records, path);
    await applyRetention(tools);
    expect(await pathsIn(records)).toEqual(kept);
  });

  it('go by the time in them or in their name where they have no folder of a day: messages and downloads', async () => {
    const { records, tools } = retentionWorld();
    await put(records, 'notifications/mail/settled/msg_1.json', { at: '2027-01-01T00:00:00.000Z' });
    await put(records, 'notifications/mail/settled/msg_2.json', { at: '2029-06-01T00:00:00.000Z' });
    await put(records, 'notifications/mail/outbox.json', { at: '2020-01-01T00:00:00.000Z' });
    await put(records, 'downloads/2026-Q1/2026-04-01T10-00-00-000Z-a.json');
    await put(records, 'downloads/2026-Q1/2026-07-01T10-00-00-000Z-b.json');
    await applyRetention(tools);
    expect(await pathsIn(records)).toEqual([
      'downloads/2026-Q1/2026-07-01T10-00-00-000Z-b.json',
      'notifications/mail/outbox.json',
      'notifications/mail/settled/msg_2.json',
    ]);
  });
});

describe('a hold', () => {
  it('keeps what its period touches, and everything without a period, until it is lifted', async () => {
    const { records, tools } = retentionWorld();
    for (const path of [...old, 'slices/2027-04-01/000000000-010000000-0001.ndjson']) await put(records, path);
    await hold(records, '2027-03-01T00:00:00.000Z', '2027-04-01T00:00:00.000Z');
    expect(await standings(tools)).toEqual(['slices/2027-03-09/ held', 'slices/2027-04-01/ goes after 365d']);
    await applyRetention(tools);
    expect(await pathsIn(records)).toEqual(old);
    await hold(records, null, null);
    const lift = async (of: number) => {
      const facts = { act: 'lift', by: personCalled('ann'), reason: 'closed', of } as const;
      await appendRetention(records, await readRetention(records), { at: tools.now(), facts });
    };
    await lift(1);
    expect(await standings(tools)).toEqual(['slices/2027-03-09/ held']);
    await lift((await readRetention(records)).findLast(({ facts }) => facts.act === 'hold')?.number ?? 0);
    expect(await standings(tools)).toEqual(['slices/2027-03-09/ goes after 365d']);
  });

  it('that comes while a process has died keeps what is left of its deletion', async () => {
    const { records, tools } = retentionWorld();
    for (const path of old) await put(records, path);
    let removals = 0;
    const dying: RecordStore = {
      ...records,
      remove: async (path, revision) => {
        removals += 1;
        if (removals === 2) throw new Error('the process died');
        await records.remove(path, revision);
      },
    };
    await expect(applyRetention({ ...tools, records: dying })).rejects.toThrow('died');
    await hold(records, null, null);
    await applyRetention(tools);
    expect(await pathsIn(records)).toEqual(old.slice(1));
    expect((await readRetention(records)).at(-1)?.facts).toEqual({ act: 'deleted', of: 1, records: 1, kept: 1 });
  });
});

/** A store whose process dies at a call: that one and all that follow fail. */
function dyingAt(records: RecordStore, last: number): RecordStore & { readonly isDead: () => boolean } {
  let calls = 0;
  const live = async () => {
    calls += 1;
    await Promise.resolve();
    if (calls >= last) throw new Error('the process died');
  };
  return {
    isDead: () => calls >= last,
    create: async (path, bytes) => (await live(), await records.create(path, bytes)),
    replace: async (path, bytes, revision) => (await live(), await records.replace(path, bytes, revision)),
    remove: async (path, revision) => (await live(), await records.remove(path, revision)),
    read: async (path) => (await live(), await records.read(path)),
    async *list(prefix) {
      await live();
      yield* records.list(prefix);
    },
  };
}

describe('a process that dies while it deletes', () => {
  it('leaves nothing that is gone and on no list, wherever it dies, and the next pass finishes', async () => {
    let deaths = 0;
    for (let last = 1; ; last += 1) {
      const { records, tools } = retentionWorld();
      const all = [...old, 'jobs/2027-02/one.json', 'receipts/posted/2027-02/key/one.json'];
      for (const path of all) await put(records, path);
      const dying = dyingAt(records, last);
      await applyRetention({ ...tools, records: dying }).catch(() => undefined);
      const left = new Set(await pathsIn(records));
      const listed = await listedIn(records);
      for (const path of all.filter((one) => !left.has(one))) expect(listed.get(path)).toBe(digestOf({ path }));
      await applyRetention(tools);
      expect([last, await pathsIn(records)]).toEqual([last, []]);
      const facts = (await readRetention(records)).map((entry) => entry.facts);
      const begun = facts.filter(({ act }) => act === 'delete').length;
      expect([last, facts.filter(({ act }) => act === 'deleted').length]).toEqual([last, begun]);
      if (!dying.isDead()) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(20);
  });
});

describe('two processes that delete at once', () => {
  it('delete everything once, and put each deletion on record once', async () => {
    const { records, tools } = retentionWorld();
    for (const path of old) await put(records, path);
    await Promise.all([applyRetention(tools), applyRetention(tools)]);
    await applyRetention(tools);
    expect(await pathsIn(records)).toEqual([]);
    const acts = (await readRetention(records)).map(({ facts }) => facts.act);
    expect(acts.filter((act) => act === 'delete')).toHaveLength(1);
    expect(acts.filter((act) => act === 'deleted')).toHaveLength(1);
  });
});

describe('a record that changed after it was listed', () => {
  it('stays, and the entry counts it as kept', async () => {
    const { records, tools } = retentionWorld();
    for (const path of old) await put(records, path);
    const changing: RecordStore = {
      ...records,
      create: async (path, bytes) => {
        const revision = await records.create(path, bytes);
        const [first = ''] = old;
        const stored = path.startsWith('retention/entries/') ? await records.read(first) : null;
        if (stored !== null) await records.replace(first, Buffer.from('{"other":1}\n'), stored.revision);
        return revision;
      },
    };
    expect(await applyRetention({ ...tools, records: changing })).toBe(1);
    expect(await pathsIn(records)).toEqual(old.slice(0, 1));
    expect((await readRetention(records))[1]?.facts).toEqual({ act: 'deleted', of: 1, records: 1, kept: 1 });
  });
});

describe('journals', () => {
  const entry = (at: string) => ({ at });

  it('of sessions of the broker go as a whole, newest entry first, and not while their newest entry is young', async () => {
    const { records, tools } = retentionWorld({
      rules: { ...retentionWorld().tools.rules, journals: 365 * 86_400_000 },
    });
    await put(records, 'broker/e8d6a85a-000000000001/00001.json', entry('2027-02-01T00:00:00.000Z'));
    await put(records, 'broker/e8d6a85a-000000000001/00002.json', entry('2027-02-01T01:00:00.000Z'));
    await put(records, 'broker/e8d6a85a-000000000002/00001.json', entry('2027-02-01T00:00:00.000Z'));
    await put(records, 'broker/e8d6a85a-000000000002/00002.json', entry('2029-06-01T00:00:00.000Z'));
    const gone: string[] = [];
    const watching: RecordStore = {
      ...records,
      remove: async (path, revision) => {
        gone.push(path);
        await records.remove(path, revision);
      },
    };
    await applyRetention({ ...tools, records: watching });
    expect(gone).toEqual(['broker/e8d6a85a-000000000001/00002.json', 'broker/e8d6a85a-000000000001/00001.json']);
    expect(await pathsIn(records)).toHaveLength(2);
  });

  it('that go on after they were listed keep everything that is left', async () => {
    const paths = ['journal/target/000002.json', 'journal/target/000001.json'];
    const [from, to] = [new Date('2026-02-01T00:00:00Z'), new Date('2026-02-02T00:00:00Z')];
    const { records, tools, forgotten } = retentionWorld({
      async *finishedJournals() {
        await Promise.resolve();
        yield { kind: 'journals', name: 'journal/target/', from, to, paths };
      },
      forget: async (unit) => {
        forgotten.push(unit);
        const stored = await records.read('journal/target/000002.json');
        await records.replace('journal/target/000002.json', Buffer.from('{"new":1}\n'), stored?.revision ?? '');
      },
    });
    for (const path of paths) await put(records, path);
    await applyRetention(tools);
    expect(forgotten).toEqual(['journal/target/']);
    expect(await pathsIn(records)).toEqual(paths.toReversed());
    expect((await readRetention(records))[1]?.facts).toEqual({ act: 'deleted', of: 1, records: 0, kept: 2 });
  });
});

describe('what was deleted', () => {
  it('is told for a period, adjacent days as one, and not where a hold kept all of it', async () => {
    const { records, tools } = retentionWorld();
    for (const day of ['2027-03-08', '2027-03-09', '2027-03-11'])
      await put(records, `slices/${day}/000000000-010000000-0001.ndjson`);
    await applyRetention(tools);
    const march = { from: new Date('2027-03-01T00:00:00Z'), to: new Date('2027-03-11T00:00:00Z') };
    expect(await deletedIn(records, march)).toEqual([
      { kind: 'slices', rule: '365d', from: new Date('2027-03-08T00:00:00Z'), to: new Date('2027-03-10T00:00:00Z') },
    ]);
  });
});

describe('the record of deletions', () => {
  it('is refused when an entry was changed, and nothing is deleted by it', async () => {
    const { records, tools } = retentionWorld();
    for (const path of old) await put(records, path);
    await hold(records, '2027-03-01T00:00:00.000Z', '2027-04-01T00:00:00.000Z');
    await hold(records, '2027-05-01T00:00:00.000Z', '2027-06-01T00:00:00.000Z');
    const path = 'retention/entries/00000001.json';
    const stored = await records.read(path);
    const changed = Buffer.from(stored?.bytes ?? [])
      .toString()
      .replace('2027-03-01', '2028-03-01');
    await records.replace(path, Buffer.from(changed), stored?.revision ?? '');
    await expect(applyRetention(tools)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
    expect(await pathsIn(records)).toEqual(old);
  });
});
