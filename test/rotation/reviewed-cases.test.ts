import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { readRotationHistories } from '../../src/rotation/read-rotation-histories.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import type { RotationHistory } from '../../src/rotation/rotation-history.ts';
import { readJournal } from '../../src/rotation/rotation-journal.ts';
import { rotationIdIn } from '../../src/rotation/with-rotation.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { failing, lostPut, one, passes } from './world/faulty-world.ts';
import { openGate } from './world/gate.ts';
import { type RotationWorld, bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';

const minuteMs = 60_000;
const by = 'ann';
const reason = 'consumers fail';
const far = new Date('2027-01-01T00:00:00Z');

async function rollBackNewest(world: RotationWorld): Promise<string> {
  const { rotationId } = await one(world);
  await rollBackRotation(world.tools, { rotationId, by, reason });
  return rotationId;
}

function setByHand(world: RotationWorld, name: string, value: string): void {
  world.vault.put({ name, value: new SecretValue(value), expires: far });
}

async function histories(world: RotationWorld, period?: { from: Date; to: Date }): Promise<readonly RotationHistory[]> {
  const all: RotationHistory[] = [];
  for await (const history of readRotationHistories(world.records, period)) all.push(history);
  return all;
}

describe('a roll-back of a secret that was rotated before', () => {
  it('is not undone by itself within a day, though its newest version names the rotation before', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await passes(world, 3, 2 * hourMs);
    expect((await one(world)).state).toBe('done');
    world.advance(80 * dayMs);
    const old = world.latestValue('app');
    await reconcileRotations(world.tools);
    expect(world.latestValue('app')).not.toBe(old);
    await rollBackNewest(world);
    await passes(world, 8, 2 * hourMs);
    expect(world.latestValue('app')).toBe(old);
    expect(await listRotations(world.tools)).toHaveLength(2);
  });
});

describe('a roll-back that is refused', () => {
  it('leaves a single password that somebody has set by hand at the provider as it is', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    await reconcileRotations(world.tools);
    world.providers.single.put('app', { id: 'only', name: 'user app', value: 'only:by-hand' });
    setByHand(world, 'app', 'only:by-hand');
    await expect(rollBackNewest(world)).rejects.toMatchObject({ code: 'ROLL_BACK_REFUSED' });
    expect(world.providers.single.opens('app', 'only:by-hand')).toBe(true);
    await passes(world, 5, hourMs);
    expect(world.providers.single.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('leaves every secret of a group as it is when somebody else has set one of them', async () => {
    const group = { group: 'both', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'two-keys', group), bindingOf('web', 'two-keys', group)]);
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app');
    setByHand(world, 'web', 'by-hand');
    await expect(rollBackNewest(world)).rejects.toMatchObject({ code: 'ROLL_BACK_REFUSED' });
    expect([world.latestValue('app'), world.latestValue('web')]).toEqual([fresh, 'by-hand']);
  });

  it('because the policy of the provider does not take the old password again, is over at once', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    world.providers.single.refusesByPolicy = 1;
    await expect(rollBackNewest(world)).rejects.toBeInstanceOf(ServiceError);
    await passes(world, 40, dayMs / 4);
    expect(world.providers.single.opens('app', fresh)).toBe(true);
    expect((await one(world)).state).toBe('done');
  });
});

describe('a roll-back of a rotation that needs attention', () => {
  it('is finished by the next pass when its worker dies between two secrets of a group', async () => {
    const group = { group: 'both', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'two-keys', group), bindingOf('web', 'two-keys', group)]);
    const old = world.latestValue('app');
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    // Somebody renews the new key by hand, so that it opens nothing: a reason to roll back.
    const account = world.providers['two-keys'].live('shared') as unknown as { value: string }[];
    const key = account.find(({ value }) => value === fresh);
    if (key === undefined) throw new Error('no key');
    key.value = 'renewed-by-hand';
    await passes(world, 40, dayMs / 2);
    expect((await one(world)).state).toBe('needs-attention');
    const { rotationId } = await one(world);
    failing(world, 'vault.add web', 1, lostPut, 'before');
    await expect(rollBackRotation(world.tools, { rotationId, by, reason })).rejects.toBeInstanceOf(ServiceError);
    world.gateway.gate = openGate;
    await passes(world, 3, hourMs / 2);
    expect([world.latestValue('app'), world.latestValue('web')]).toEqual([old, old]);
    expect((await one(world)).state).toBe('rolled-back');
  });
});

describe('a clock that is forty days ahead', () => {
  const aheadMs = 40 * dayMs;

  it('ends nothing that was rolled back', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    await rollBackNewest(world);
    world.advance(2 * hourMs);
    const at = world.tools.now();
    world.readers = { watermark: at, gaps: [], reads: [{ at, job: null, identity: 'shop' }], running: [] };
    world.skew(aheadMs);
    await reconcileRotations(world.tools);
    expect(world.providers.mint.opens('app', fresh)).toBe(true);
  });

  it('withdraws nothing that a write under way may still make the newest version', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const old = world.latestValue('app') ?? '';
    let late: (() => Promise<unknown>) | null = null;
    const add = async (version: Parameters<typeof world.vault.add>[0]) => {
      if (version.name !== 'app' || late !== null) return await world.vault.add(version);
      late = () => world.vault.add(version);
      throw new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: 'kv', secret: 'app', status: null });
    };
    const tools = { ...world.tools, stores: new Map([['kv', { ...world.vault, add }]]) };
    await reconcileRotations(tools);
    setByHand(world, 'app', old);
    world.advance(minuteMs);
    await reconcileRotations(tools);
    expect((await one(world)).state).toBe('superseded');
    world.skew(aheadMs);
    await reconcileRotations(tools);
    world.skew(0);
    await (late as (() => Promise<unknown>) | null)?.();
    expect(world.providers.mint.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('the journal of a rotation that waits', () => {
  it('notes once why, when more speaks against it than it notes and nothing changes', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    const running = Array.from({ length: 25 }, (_, job) => `team/app ${String(job)}`);
    world.readers = { watermark: far, gaps: [], reads: [], running };
    await passes(world, 2, 2 * hourMs);
    const journal = async () => await readJournal(world.tools.records, rotationIdIn((await one(world)).rotationId));
    const before = (await journal()).length;
    await passes(world, 10, 2 * hourMs);
    expect((await journal()).length).toBe(before);
  });

  it.each(['mint', 'two-users', 'two-keys', 'single'] as const)(
    'accounts for every value that was read: %s',
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer)]);
      const read = countReads(world);
      await reconcileRotations(world.tools);
      world.readers = { watermark: far, gaps: [], reads: [], running: ['team/app 7'] };
      await passes(world, 24, 10 * minuteMs);
      expect(await accounted(world)).toBe(read());
    },
  );

  it('accounts for every value that was read while a roll-back waits', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const read = countReads(world);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    world.readers = { watermark: far, gaps: [], reads: [], running: ['team/app 7'] };
    await passes(world, 24, 10 * minuteMs);
    expect(await accounted(world)).toBe(read());
  });
});

function countReads(world: RotationWorld): () => number {
  let reads = 0;
  world.gateway.gate = {
    before: () => undefined,
    after: (what) => {
      if (what.startsWith('vault.value ')) reads += 1;
    },
  };
  return () => reads;
}

async function accounted(world: RotationWorld): Promise<number> {
  return (await histories(world)).flatMap(({ operations }) =>
    operations.filter(({ operation }) => operation === 'SecretGet'),
  ).length;
}

describe('a group of which somebody sets another secret than the first while it is rotated', () => {
  it('is rotated all the same when that rotation is over', async () => {
    const group = { group: 'both', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'two-keys', group), bindingOf('web', 'two-keys', group)]);
    const old = world.latestValue('app') ?? '';
    failing(
      world,
      'provider.issue',
      1,
      new ServiceError('PROVIDER_UNREACHABLE', { issuer: 'two-keys', provider: 'test', reason: 'away' }),
      'before',
    );
    await reconcileRotations(world.tools);
    world.gateway.gate = openGate;
    setByHand(world, 'web', old);
    await passes(world, 33, hourMs);
    expect((await listRotations(world.tools)).map(({ state }) => state)).toContain('superseded');
    expect(world.latestValue('app')).not.toBe(old);
    expect(world.latestValue('web')).toBe(world.latestValue('app'));
  });
});

describe('a version that carries our tags and another value', () => {
  it('is read by Keyturn only as often as a journal says', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const read = countReads(world);
    await reconcileRotations(world.tools);
    const { tags } = world.vault.held('app').at(-1) ?? { tags: {} };
    world.vault.put({ name: 'app', value: new SecretValue('by-hand'), expires: far, tags });
    await passes(world, 12, 7 * hourMs);
    expect(await accounted(world)).toBe(read());
  });
});

describe('versions that hold what a roll-back had put in force again', () => {
  it('are all disabled when the next rotation has ended it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const old = world.latestValue('app') ?? '';
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    await passes(world, 20, 2 * hourMs);
    expect(world.latestValue('app')).not.toBe(old);
    expect(world.providers.mint.opens('app', old)).toBe(false);
    expect(world.vault.held('app').filter(({ enabled, value }) => enabled && value.reveal() === old)).toEqual([]);
  });
});

describe('what people are told', () => {
  it('of a secret that was rotated before and rolled back: no plan speaks of duplicates', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await passes(world, 3, 2 * hourMs);
    world.advance(80 * dayMs);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    expect(plan.filter((sentence) => sentence.includes('would compare'))).toEqual([]);
  });

  it('of what an earlier rotation published: a roll-back of the next one does not change it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await passes(world, 3, 2 * hourMs);
    const [before] = await histories(world);
    world.advance(80 * dayMs);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    await passes(world, 6, 2 * hourMs);
    const after = (await histories(world)).find(({ rotationId }) => rotationId === before?.rotationId);
    expect(after?.publishedVersion).toBe(before?.publishedVersion);
  });

  it('of a roll-back that rests for a day: no plan says that a pass would begin the next rotation', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    await passes(world, 2, 2 * hourMs);
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    await reconcileRotations(world.tools);
    expect(await listRotations(world.tools)).toHaveLength(1);
    expect(plan.filter((sentence) => sentence.includes('would rotate away'))).toEqual([]);
  });

  it('who asks for the next rotation too early is not told to roll back what is rolled back', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    world.advance(minuteMs);
    const refusal = await requestRotation(world.tools, { secret: 'kv/app', reason, by, emergency: true }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ServiceError);
    expect(ServiceError.is(refusal) ? refusal.message : '').not.toContain('Roll it back');
  });

  it('of a credential that a lost publication may serve: it is not said to be withdrawn', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const old = world.latestValue('app') ?? '';
    let isLost = false;
    world.gateway.gate = {
      before: (what) => {
        if (isLost && what === 'vault.latest app')
          throw new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'away' });
      },
      after: (what) => {
        if (what !== 'vault.add app') return;
        isLost = true;
        throw lostPut;
      },
    };
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    expect(fresh).not.toBe(old);
    world.gateway.gate = openGate;
    setByHand(world, 'app', old);
    await passes(world, 6, 10 * minuteMs);
    expect((await one(world)).state).toBe('superseded');
    expect(world.providers.mint.opens('app', fresh)).toBe(true);
    expect((await one(world)).newValue).toBe('not-ended');
  });

  it('of a roll-back that somebody published over: later periods tell it too, for both credentials live on', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    setByHand(world, 'app', 'by-hand');
    await passes(world, 2, 2 * hourMs);
    expect(await one(world)).toMatchObject({ state: 'rolled-back', newValue: 'not-ended' });
    const later = { from: new Date('2026-07-01T00:00:00Z'), to: new Date('2026-10-01T00:00:00Z') };
    expect((await histories(world, later)).map(({ state }) => state)).toEqual(['rolled-back']);
  });

  it('of a roll-back whose old version its owner disabled: nobody is said to have published', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    world.vault.disable('app', world.vault.held('app')[0]?.version ?? '');
    await passes(world, 2, 2 * hourMs);
    expect((await one(world)).note).not.toContain('somebody else published');
  });
});
