import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { statesOf } from '../world/by-hand.ts';
import { bindingOf, dayMs, hourMs, type RotationWorld, rotationWorld } from '../world/rotation-world.ts';

const minuteMs = 60_000;
const patient = { graceMs: 24 * hourMs, consumersLifetimeMs: 24 * hourMs };

function providerOf(world: RotationWorld, issuer: keyof RotationWorld['providers']) {
  return world.providers[issuer];
}

function now({ tools }: RotationWorld): number {
  return tools.now().getTime();
}

describe('somebody who sets the old value back', () => {
  it.each(['two-users', 'two-keys'] as const)(
    'costs nobody what they hold, though the secret is due again at once: %s',
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer, patient)]);
      const old = world.latestValue('app') ?? '';
      await reconcileRotations(world.tools);
      const held = world.latestValue('app') ?? '';
      expect(held).not.toBe(old);
      world.advance(10 * minuteMs);
      world.vault.put({ name: 'app', value: new SecretValue(old), expires: new Date(now(world) + 5 * dayMs) });
      world.advance(5 * minuteMs);
      await reconcileRotations(world.tools);
      expect((await statesOf(world))[0]).toBe('superseded');
      world.advance(65 * minuteMs);
      await reconcileRotations(world.tools);
      world.advance(5 * minuteMs);
      await reconcileRotations(world.tools);
      expect(providerOf(world, issuer).opens('app', held)).toBe(true);
    },
  );

  it.each(['mint', 'two-users', 'two-keys'] as const)(
    'every six hours for five days, as Terraform does, cuts nobody off: %s',
    async (issuer) => {
      const { cutOff, dead } = await driftFor(issuer);
      expect({ cutOff, dead }).toEqual({ cutOff: 0, dead: 0 });
    },
    60_000,
  );

  it('calls a person about a single password, and repairs what is in force with the next pass', async () => {
    const { dead, called, world } = await driftFor('single');
    expect(called).toBe(true);
    // What is set back is dead until the next pass sees it.
    expect(dead).toBe(0);
    expect(await statesOf(world)).not.toContain('retry-wait');
  }, 60_000);
});

async function driftFor(
  issuer: keyof RotationWorld['providers'],
): Promise<{ cutOff: number; dead: number; called: boolean; world: RotationWorld }> {
  const world = rotationWorld([bindingOf('app', issuer, { ...patient, minimumAgeMs: hourMs })]);
  const old = world.latestValue('app') ?? '';
  const provider = providerOf(world, issuer);
  const consumers: { value: string; untilMs: number; cut: boolean }[] = [];
  let dead = 0;
  let called = false;
  for (let pass = 0; pass < 1440; pass += 1) {
    if (pass % 72 === 71)
      world.vault.put({ name: 'app', value: new SecretValue(old), expires: new Date(now(world) + 30 * dayMs) });
    const { counts } = await reconcileRotations(world.tools);
    called ||= counts.needsAttention > 0;
    const value = world.latestValue('app') ?? '';
    if (!provider.opens('app', value)) dead += 1;
    if (pass % 6 === 0) consumers.push({ value, untilMs: now(world) + 12 * hourMs, cut: false });
    for (const one of consumers) if (now(world) < one.untilMs && !provider.opens('app', one.value)) one.cut = true;
    world.advance(5 * minuteMs);
  }
  return { cutOff: consumers.filter(({ cut }) => cut).length, dead, called, world };
}

describe('what was published over', () => {
  it('lives no longer than its readers: no token of ours but the newest is alive when nothing serves it any more', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', patient)]);
    const old = world.latestValue('app') ?? '';
    for (let pass = 0; pass < 30 * 96; pass += 1) {
      if (pass % 24 === 23 && pass < 960)
        world.vault.put({ name: 'app', value: new SecretValue(old), expires: new Date(now(world) + 30 * dayMs) });
      await reconcileRotations(world.tools);
      world.advance(15 * minuteMs);
    }
    const latest = world.latestValue('app');
    expect(world.providers.mint.live('app').map(({ value }) => value)).toEqual([latest]);
  }, 60_000);
});
