import { describe, expect, it } from 'vitest';
import { targetKeyOf } from '../../../src/rotation/rotation-unit.ts';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../../src/rotation/roll-back-rotation.ts';
import { personCalled as person } from '../../provenance/people.ts';
import { histories, statesOf } from '../world/by-hand.ts';
import { failing, lostPut, one, passes, unclear } from '../world/faulty-world.ts';
import { bindingOf, hourMs, policyOf, rotationWorld } from '../world/rotation-world.ts';

const minuteMs = 60_000;
const all = ['mint', 'single', 'two-users', 'two-keys', 'random'] as const;

describe.each(all)('a secret by %s', (issuer) => {
  it('that is deleted in its grace and recovered ends its rotation', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    await reconcileRotations(world.tools);
    world.vault.remove('app');
    await passes(world, 40);
    world.vault.recover('app');
    await passes(world, 40, 8 * hourMs);
    expect((await statesOf(world)).at(-1)).toBe('done');
  });

  it('whose newest version is disabled by hand waits for a person, and the cached value still works', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const cached = world.latestValue('app') ?? '';
    world.vault.disable('app', world.vault.held('app').at(-1)?.version ?? '');
    await passes(world, 3);
    expect(world.vault.held('app')).toHaveLength(1);
    expect(world.providers[issuer].opens('app', cached)).toBe(true);
  });
});

describe('one torn entry of a journal', () => {
  it('hides its own target alone: the others are listed and can be asked for', async () => {
    const world = rotationWorld([
      bindingOf('torn', 'random'),
      bindingOf('app', 'random', { minimumAgeMs: 0, graceMs: 0 }),
    ]);
    await reconcileRotations(world.tools);
    const paths: string[] = [];
    const targets = await listRotations(world.tools);
    expect(targets).toHaveLength(2);
    for await (const path of world.records.list('journal/')) paths.push(path);
    for (const path of paths) {
      const record = await world.records.read(path);
      if (record === null || !Buffer.from(record.bytes).includes('kv/torn')) continue;
      await world.records.replace(path, new TextEncoder().encode('{"torn'), record.revision);
      break;
    }
    world.restart();
    const { faults } = { faults: (await reconcileRotations(world.tools)).faults };
    expect(faults.every((fault) => fault.endsWith('RECORD_UNREADABLE'))).toBe(true);
    await passes(world, 3);
    expect((await listRotations(world.tools)).map(({ secret }) => secret)).toEqual(['app']);
    await requestRotation(world.tools, { secret: 'app', reason: 'test', by: person('ann'), emergency: false });
    expect((await listRotations(world.tools)).length).toBeGreaterThan(1);
  });
});

it('two users whose names differ by case alone are two targets', () => {
  const { issuer } = rotationWorld([]).providers.single;
  const key = (account: string) =>
    targetKeyOf({ key: 'kv/app', members: [bindingOf('app', 'single', { target: { account } })] }, issuer);
  expect(key('App')).not.toBe(key('app'));
});

describe('a roll-back while the revocation is under way', () => {
  it.each(['mint', 'two-users'] as const)('is refused, and the latest value works: %s', async (issuer) => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    await reconcileRotations(world.tools);
    world.advance(2 * hourMs);
    failing(world, 'provider.revoke', 1, unclear, 'before');
    await reconcileRotations(world.tools);
    const { rotationId, state } = await one(world);
    expect(state).toBe('retry-wait');
    await expect(
      rollBackRotation(world.tools, { rotationId, by: person('ann'), reason: 'consumers fail' }),
    ).rejects.toMatchObject({ code: 'ROLL_BACK_REFUSED', details: { reason: 'Its revocation has begun.' } });
    expect(world.providers[issuer].opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('a policy that changes while a rotation is under way', () => {
  const changes = {
    unbound: () => policyOf(),
    'other issuer': () => policyOf(bindingOf('app', 'random')),
    'target renamed': (issuer: string) => policyOf(bindingOf('app', issuer, { target: { account: 'other' } })),
    'put into a group': (issuer: string) =>
      policyOf(
        bindingOf('app', issuer, { group: 'pair' }),
        bindingOf('pair', issuer, { group: 'pair', target: issuer === 'random' ? {} : { account: 'app' } }),
      ),
  } as const;

  for (const issuer of ['mint', 'two-users', 'single', 'two-keys'] as const) {
    for (const change of Object.keys(changes) as (keyof typeof changes)[]) {
      it.each(['grace', 'publication lost'] as const)(
        `ends the rotation, or calls a person: ${issuer}, ${change}, %s`,
        async (when) => {
          const world = rotationWorld([bindingOf('app', issuer)]);
          if (when === 'publication lost') failing(world, 'vault.add app', 99, lostPut, 'before');
          await reconcileRotations(world.tools);
          world.gateway.gate = { before: () => undefined, after: () => undefined };
          world.policy(changes[change](issuer));
          let called = false;
          for (let pass = 0; pass < 120; pass += 1) {
            world.advance(8 * hourMs);
            const { counts } = await reconcileRotations(world.tools);
            called ||= counts.needsAttention > 0;
          }
          const [first] = (await histories(world)).filter(({ issuer: its }) => its === issuer);
          const isOver = ['done', 'superseded', 'abandoned'].includes(first?.state ?? '');
          expect({ isOver: isOver || called, state: first?.state }).toMatchObject({ isOver: true });
          const latest = world.latestValue('app') ?? '';
          const works = ['app', 'other'].some((account) => world.providers[issuer].opens(account, latest));
          expect(works || change === 'other issuer').toBe(true);
          expect(world.vault.held('rot-pending--app').filter(({ enabled }) => enabled)).toEqual([]);
          if (first?.oldValue === 'in-grace') expect(called).toBe(true);
        },
      );
    }
  }
});

describe('a dead value in force', () => {
  it('is noticed within the check interval and repaired where the class allows it', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    await reconcileRotations(world.tools);
    await passes(world, 20, 10 * minuteMs);
    world.providers.single.put('app', { id: 'only', name: 'user app', value: 'only:by-hand' });
    await passes(world, 40, 10 * minuteMs);
    expect(world.providers.single.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('is replaced by a new token where it was minted', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await passes(world, 20, 10 * minuteMs);
    const live = world.providers.mint.live('app') as unknown as { length: number };
    live.length = 0;
    await passes(world, 40, 10 * minuteMs);
    expect(world.providers.mint.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('is a call for a person where a key was renewed by hand, and is called for again by nobody who only cannot reach it', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    await reconcileRotations(world.tools);
    await passes(world, 20, 10 * minuteMs);
    for (const id of ['key1', 'key2'])
      world.providers['two-keys'].put('app', { id, name: id, value: `key-by-hand-${id}` });
    world.advance(7 * hourMs);
    const { counts } = await reconcileRotations(world.tools);
    expect(counts.needsAttention).toBe(1);
  });
});

describe('a machine that sleeps right before its request leaves', () => {
  it.each(
    (['two-keys', 'two-users', 'single'] as const).flatMap((issuer) =>
      [10, 60].map((minutes) => [issuer, minutes] as const),
    ),
  )('does no harm when it wakes: %s after %i minutes', async (issuer, minutes) => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let slept = false;
    let fellAsleep: () => void = () => undefined;
    const falls = new Promise<void>((resolve) => {
      fellAsleep = resolve;
    });
    world.gateway.gate = {
      before: async (what) => {
        if (slept || !what.startsWith('provider.issue')) return;
        slept = true;
        fellAsleep();
        await asleep;
      },
      after: () => undefined,
    };
    const worker = reconcileRotations(world.tools);
    await falls;
    world.restart();
    await passes(world, minutes / 5);
    wake();
    await worker;
    await passes(world, 1, hourMs);
    expect(world.providers[issuer].opens('app', world.latestValue('app') ?? '')).toBe(true);
    await passes(world, 20, hourMs);
    expect(world.providers[issuer].opens('app', world.latestValue('app') ?? '')).toBe(true);
    expect((await statesOf(world)).at(-1)).toBe('done');
  });
});
