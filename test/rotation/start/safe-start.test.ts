import { describe, expect, it } from 'vitest';
import { giveGo } from '../../../src/rotation/give-go.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { personCalled } from '../../provenance/people.ts';
import { statesOf } from '../world/by-hand.ts';
import { bindingOf, dayMs, hourMs, rotationWorld, type RotationWorld } from '../world/rotation-world.ts';

const by = personCalled('ann');

/** How many of these secrets have a value of Keyturn. */
function replaced({ vault }: RotationWorld, names: readonly string[]): number {
  return names.filter((name) => vault.held(name).length > 1).length;
}

function namesOf(count: number, begin = 'app'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${begin}-${String(index)}`);
}

describe('a policy that is switched on over 150 secrets that are due', () => {
  const names = namesOf(150);
  const world = () => rotationWorld(names.map((name) => bindingOf(name, 'random', { first: 'go' })));

  it('replaces none that nobody agreed to, however many passes there are', { timeout: 120_000 }, async () => {
    const started = world();
    for (let day = 0; day < 3; day += 1) {
      const { counts } = await reconcileRotations(started.tools);
      expect(counts).toMatchObject({ awaitingGo: 150, published: 0 });
      started.advance(dayMs);
    }
    expect(replaced(started, names)).toBe(0);
    expect(new Set(await statesOf(started))).toEqual(new Set(['awaiting-go']));
  });
});

describe('a first rotation that waits for a go', () => {
  it('begins when a go covers its environment, and the others wait on; the next rotation needs none', {
    timeout: 120_000,
  }, async () => {
    const dev = namesOf(2, 'job');
    const prod = namesOf(2, 'site');
    const bind = (environment: string) => (name: string) => bindingOf(name, 'mint', { first: 'go', environment });
    const world = rotationWorld([...dev.map(bind('dev')), ...prod.map(bind('prod'))]);
    await reconcileRotations(world.tools);
    const given = await giveGo(world.tools, { for: { environment: 'dev' }, by, reason: 'seen' });
    expect(given).toEqual(['kv/job-0', 'kv/job-1']);
    await reconcileRotations(world.tools);
    expect([replaced(world, dev), replaced(world, prod)]).toEqual([2, 0]);
    world.advance(80 * dayMs);
    for (let pass = 0; pass < 3; pass += 1) await reconcileRotations(world.tools);
    expect(world.vault.held('job-0').length).toBe(3);
    expect(replaced(world, prod)).toBe(0);
  });
});

describe('the mode of a secret', () => {
  it.each(['by-hand', 'off'] as const)('%s: no pass replaces it, due or not', async (mode) => {
    const world = rotationWorld([bindingOf('app', 'mint', { mode })]);
    for (let day = 0; day < 12; day += 1) {
      await reconcileRotations(world.tools);
      world.advance(dayMs);
    }
    expect(replaced(world, ['app'])).toBe(0);
  });

  it('by-hand: a person who asks has it replaced', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { mode: 'by-hand' })]);
    await requestRotation(world.tools, { secret: 'app', reason: 'a test', by, emergency: false });
    expect(replaced(world, ['app'])).toBe(1);
  });
});

describe('a secret with a window', () => {
  it('begins its rotation in none but it, by the time of its zone', { timeout: 120_000 }, async () => {
    // Sunday at midnight UTC; 09:00 in Berlin is 08:00 UTC in March.
    const monday = { days: ['mon'], from: '09:00', to: '17:00', timeZone: 'Europe/Berlin' } as const;
    const world = rotationWorld([bindingOf('app', 'mint', { windows: [monday] })]);
    let hour = 0;
    for (; hour < 24 * 7 && replaced(world, ['app']) === 0; hour += 1) {
      await reconcileRotations(world.tools);
      if (replaced(world, ['app']) === 0) world.advance(hourMs);
    }
    expect(world.tools.now().toISOString()).toBe('2026-03-02T08:00:00.000Z');
  });
});
