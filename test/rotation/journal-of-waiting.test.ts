import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { passes } from './world/faulty-world.ts';
import { type RotationWorld, bindingOf, hourMs, rotationWorld } from './world/rotation-world.ts';

import { far, journalOfSecret, rollBackNewest } from './world/by-hand.ts';

const minuteMs = 60_000;

describe('the journal of a rotation that waits', () => {
  it('notes once why, when more speaks against it than it notes and nothing changes', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    const running = Array.from({ length: 25 }, (_, job) => `team/app ${String(job)}`);
    world.readers = { watermark: far, gaps: [], reads: [], running };
    await passes(world, 2, 2 * hourMs);
    const journal = async () => await journalOfSecret(world);
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
      expect(accounted(world)).toBe(read());
    },
  );

  it('accounts for every value that was read while a roll-back waits', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const read = countReads(world);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    world.readers = { watermark: far, gaps: [], reads: [], running: ['team/app 7'] };
    await passes(world, 24, 10 * minuteMs);
    expect(accounted(world)).toBe(read());
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

/** Every read is written down before it is made; a journal may tell of it too. */
function accounted(world: RotationWorld): number {
  return world.accounted.filter(({ operation }) => operation === 'SecretGet').length;
}

describe('a version that carries our tags and another value', () => {
  it('is read by Keyturn only as often as a journal says', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const read = countReads(world);
    await reconcileRotations(world.tools);
    const { tags } = world.vault.held('app').at(-1) ?? { tags: {} };
    world.vault.put({ name: 'app', value: new SecretValue('by-hand'), expires: far, tags });
    await passes(world, 12, 7 * hourMs);
    expect(accounted(world)).toBe(read());
  });
});
