import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, rotationWorld } from './world/rotation-world.ts';

import { failing, fire, lostPut, one, passes, unclear } from './world/faulty-world.ts';
import { personCalled } from '../provenance/people.ts';

describe('the ten hardest faults', () => {
  it('1: a lost answer on minting makes one POST; the orphan is deleted by name, and the others are untouched', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.providers.mint.put('app', { id: 'foreign', name: 'by hand', value: 'f' });
    failing(world, 'provider.issue', 1, unclear, 'after');
    await fire(world);
    expect(world.providers.mint.made).toBe(1);
    expect(await one(world)).toMatchObject({ state: 'retry-wait', failure: 'PROVIDER_ANSWER_UNCLEAR' });
    await passes(world, 2);
    expect(await one(world)).toMatchObject({ rotationId: expect.stringMatching(/\.2$/) as string, state: 'grace' });
    const names = world.providers.mint.live('app').map(({ name }) => name);
    expect(names).toHaveLength(3);
    expect(names).toContain('by hand');
  });

  // 2, death at every step of every class, is crash-at-every-await.test.ts.

  it.each(['random', 'mint', 'two-users', 'single', 'two-keys'])(
    '3: an ambiguous publication by %s leaves exactly one version',
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer)]);
      failing(world, 'vault.add app', 1, lostPut, 'after');
      expect(await fire(world)).toMatchObject({ outcome: 'published' });
      expect(world.vault.held('app')).toHaveLength(2);
    },
  );

  it('4: copies, workers, late events and a person make one rotation, and a two-key provider renews one key', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    const event = nearExpiry(world.vault, 'app');
    const request = { secret: 'kv/app', reason: 'too', by: personCalled('ann'), emergency: false };
    await Promise.allSettled([
      ...Array.from({ length: 20 }, () => handleVaultEvent(world.tools, event)),
      requestRotation(world.tools, request),
    ]);
    await handleVaultEvent(world.tools, event);
    await handleVaultEvent(
      world.tools,
      nearExpiry(world.vault, 'app', { version: world.vault.held('app')[0]?.version ?? '', type: 'SecretExpired' }),
    );
    expect(world.providers['two-keys'].made).toBe(1);
    expect(world.providers['two-keys'].opens('app', 'key-old-app')).toBe(true);
    expect(world.vault.held('app')).toHaveLength(2);
  });

  it('5: a worker that wakes after its lease writes nothing and deletes nothing', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    let release: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (release = resolve));
    let sleeping = false;
    world.gateway.gate = {
      before: async (what) => {
        if (what !== 'provider.verify' || sleeping) return;
        sleeping = true;
        await asleep;
      },
      after: () => undefined,
    };
    const stalled = fire(world);
    while (!sleeping) await new Promise((resolve) => setImmediate(resolve));
    world.advance(600_000);
    const calls: string[] = [];
    world.restart();
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'grace' });
    const before = world.providers.mint.live('app').map(({ id }) => id);
    world.gateway.gate = { before: (what) => void calls.push(what), after: () => undefined };
    release();
    await stalled;
    expect(calls.filter((what) => /^(?:vault\.(?:add|update)|provider\.(?:issue|revoke))/.test(what))).toEqual([]);
    expect(world.providers.mint.live('app').map(({ id }) => id)).toEqual(before);
  });
});
