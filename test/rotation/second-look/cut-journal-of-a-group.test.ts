import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { cutJournal, journalOfSecret, statesOf } from '../world/by-hand.ts';
import { failing, lostPut, passes } from '../world/faulty-world.ts';
import { openGate } from '../world/gate.ts';
import { bindingOf, hourMs, type RotationWorld, rotationWorld } from '../world/rotation-world.ts';

// Simulation, seed 930002401: a record store that was set back while one secret of a group was published and the other was not.

describe('a journal that is cut while a part of a group is published', () => {
  it.each(['two-keys', 'two-users', 'single', 'mint', 'random'] as const)(
    'is gone on with, wherever it was cut: %s',
    { timeout: 60_000 },
    async (issuer) => {
      const { length } = await journalOfSecret(await partlyPublished(issuer));
      for (let kept = 1; kept <= length; kept += 1) {
        const world = await partlyPublished(issuer);
        await cutJournal(world, kept);
        world.restart();
        await passes(world, 24);
        await passes(world, 12, 4 * hourMs);
        const opens = (name: string) => world.providers[issuer].opens('app', world.latestValue(name) ?? '');
        const states = await statesOf(world);
        const isOver = states.every(
          (state) => state === 'done' || state === 'superseded' || state === 'needs-attention',
        );
        expect({ kept, states, isOver, app: opens('app'), web: opens('web') }).toMatchObject({
          kept,
          isOver: true,
          app: true,
          web: true,
        });
      }
    },
  );
});

async function partlyPublished(issuer: string): Promise<RotationWorld> {
  const binding = (name: string) => bindingOf(name, issuer, { group: 'pair', target: { account: 'app' } });
  const world = rotationWorld([binding('app'), binding('web')]);
  const [app] = world.vault.held('app');
  if (issuer !== 'random' && app !== undefined) {
    world.vault.remove('web');
    world.vault.recover('web');
    world.vault.put({ ...app, name: 'web' });
  }
  failing(world, 'vault.add web', 1_000, lostPut, 'before');
  await reconcileRotations(world.tools);
  world.gateway.gate = openGate;
  return world;
}
