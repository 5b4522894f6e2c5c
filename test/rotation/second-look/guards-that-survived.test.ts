import { describe, expect, it } from 'vitest';
import { approveRotation } from '../../../src/rotation/approve-rotation.ts';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { emptyMemory } from '../../../src/rotation/rotation-tools.ts';
import { personCalled } from '../../provenance/people.ts';
import { journalOfSecret, setAgain, setByHand } from '../world/by-hand.ts';
import { one } from '../world/faulty-world.ts';
import { openGate } from '../world/gate.ts';
import { bindingOf, hourMs, rotationWorld } from '../world/rotation-world.ts';

const minuteMs = 60_000;

// Each of these guards was taken out once, and no test noticed.

describe('an old credential that the provider saw used within the grace', () => {
  it.each(['mint', 'two-users', 'two-keys'] as const)(
    'lives on, and ends when it has been quiet: %s',
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer)]);
      const old = world.latestValue('app') ?? '';
      await reconcileRotations(world.tools);
      world.advance(2 * hourMs);
      const held = world.providers[issuer].live('app').find(({ value }) => value === old);
      if (held === undefined) throw new Error('It is gone.');
      held.lastUsed = new Date(world.tools.now().getTime() - hourMs / 2);
      await reconcileRotations(world.tools);
      expect(world.providers[issuer].opens('app', old)).toBe(true);
      const [listed] = await listRotations(world.tools);
      expect(listed?.waitsFor.join()).toContain('provider saw it used');
      world.advance(2 * hourMs);
      await reconcileRotations(world.tools);
      expect(world.providers[issuer].opens('app', old)).toBe(false);
    },
  );
});

describe('a clock of ours that does not agree with the vault', () => {
  it('begins nothing and ends nothing, until they agree again', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.skew(10 * minuteMs);
    await reconcileRotations(world.tools);
    expect(world.vault.held('app')).toHaveLength(1);
    world.skew(0);
    await reconcileRotations(world.tools);
    expect(world.vault.held('app')).toHaveLength(2);
    world.advance(2 * hourMs);
    world.skew(-10 * minuteMs);
    await reconcileRotations(world.tools);
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    world.skew(0);
    await reconcileRotations(world.tools);
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(false);
  });
});

describe('a machine that sleeps between its intent and its request', () => {
  it('sends nothing after its time, and begins the act anew', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    let slept = false;
    const sent: string[] = [];
    world.gateway.gate = {
      before: (what) => {
        if (what.startsWith('provider.issue')) sent.push(what);
      },
      after: (what) => {
        if (slept || !what.startsWith('records.create journal') || !what.endsWith('000003.json')) return;
        slept = true;
        world.advance(10 * minuteMs);
      },
    };
    await reconcileRotations(world.tools);
    const [asleep] = (await journalOfSecret(world)).filter(({ facts }) => facts.failure !== undefined);
    expect(asleep?.facts.failure).toBe('LEASE_ENDED');
    expect(sent.some((what) => what.startsWith('provider.issue'))).toBe(false);
    await reconcileRotations(world.tools);
    expect(sent.some((what) => what.startsWith('provider.issue'))).toBe(true);
  });
});

describe('a provider that takes a credential for a minute after it was ended', () => {
  it('is tried again until the old value is refused, and the end is shown', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    world.advance(2 * hourMs);
    const old = world.providers.mint.live('app').find(({ value }) => value === 'value-of-old-app');
    if (old === undefined) throw new Error('It is gone.');
    world.gateway.gate = {
      before: () => undefined,
      after: (what) => {
        if (what.startsWith('provider.revoke')) world.providers.mint.put('app', old);
      },
    };
    await reconcileRotations(world.tools);
    expect((await listRotations(world.tools))[0]?.oldValue).toBe('in-grace');
    world.gateway.gate = openGate;
    world.advance(minuteMs);
    await reconcileRotations(world.tools);
    expect((await listRotations(world.tools))[0]?.oldValue).toBe('dead');
  });
});

describe('a value that somebody set with a new password of the very user that is to end', () => {
  it('works on when the old password of that user ends', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    await reconcileRotations(world.tools);
    world.advance(10 * minuteMs);
    world.providers['two-users'].put('app', { id: 'a', name: 'user app', value: 'a:by hand' });
    setByHand(world, 'app', 'a:by hand');
    // A value that was ended would be set again within the same pass.
    let refused = 0;
    const look = () => void (refused += world.providers['two-users'].opens('app', 'a:by hand') ? 0 : 1);
    world.gateway.gate = { before: look, after: look };
    for (let pass = 0; pass < 4; pass += 1) {
      await reconcileRotations(world.tools);
      world.advance(2 * hourMs);
    }
    expect(world.latestValue('app')).toBe('a:by hand');
    expect(refused).toBe(0);
  });
});

describe('an approval that is more than a day old', () => {
  it('does not count for what is published now', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
    await reconcileRotations(world.tools);
    const { rotationId } = await one(world);
    world.killSwitch = true;
    await approveRotation(world.tools, { rotationId, by: personCalled('bo'), breakGlass: false, reason: 'fine' });
    world.advance(25 * hourMs);
    world.killSwitch = false;
    await reconcileRotations(world.tools);
    expect(world.latestValue('app')).toBe('value-of-old-app');
    expect((await one(world)).awaits).toBe('publish');
  });
});

describe('a value that is set back over and over', () => {
  it('is rotated three times within its validity, and then a person is called', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { rotationsPerDay: 20 })]);
    for (let round = 0; round < 6; round += 1) {
      await reconcileRotations(world.tools);
      world.advance(10 * minuteMs);
      setAgain(world, 'app', 0, new Date(world.tools.now().getTime() + 120 * hourMs));
      world.advance(2 * hourMs);
    }
    const { counts } = await reconcileRotations(world.tools);
    expect(counts.needsAttention).toBe(1);
    const called = (await journalOfSecret(world)).filter(({ act }) => act === 'call').map(({ facts }) => facts.code);
    expect(called).toContain('VALUE_SET_BACK');
  });
});

describe('one secret of a group that somebody sets by hand', () => {
  it('is not published over, and a person is called', async () => {
    const pair = { group: 'pair', target: { account: 'app' } };
    const world = rotationWorld([bindingOf('app', 'mint', pair), bindingOf('web', 'mint', pair)]);
    setByHand(world, 'web', 'value-of-old-app');
    await reconcileRotations(world.tools);
    expect(world.latestValue('web')).not.toBe('value-of-old-app');
    world.advance(10 * minuteMs);
    setByHand(world, 'web', 'by hand');
    const { counts } = await reconcileRotations(world.tools);
    expect(world.latestValue('web')).toBe('by hand');
    expect(counts.needsAttention).toBe(1);
  });
});

describe('a journal that has lost its newest entries', () => {
  it('is rebuilt by observing before anything ends, and every grace begins again', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    const entries = await journalOfSecret(world);
    const newest = entries.at(-1);
    world.advance(2 * hourMs);
    const { records } = world.tools;
    const isCut = (path: string) => path.endsWith(`${String(newest?.number).padStart(6, '0')}.json`);
    let cut = true;
    const tools = {
      ...world.tools,
      memory: emptyMemory(),
      records: {
        ...records,
        read: (path: string) => (cut && isCut(path) ? Promise.resolve(null) : records.read(path)),
        create: async (path: string, bytes: Uint8Array) => {
          if (!isCut(path)) return await records.create(path, bytes);
          cut = false;
          const before = await records.read(path);
          return await records.replace(path, bytes, before?.revision ?? '');
        },
        async *list(prefix: string) {
          for await (const path of records.list(prefix)) if (!cut || !isCut(path)) yield path;
        },
      },
    };
    await reconcileRotations(tools);
    expect((await journalOfSecret(world)).at(newest ? newest.number - 1 : 0)?.act).toBe('rebuild');
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    world.advance(2 * hourMs);
    await reconcileRotations(tools);
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(false);
  });
});
