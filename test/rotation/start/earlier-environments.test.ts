import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../../src/rotation/handle-vault-event.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { rollBackSecret } from '../../../src/rotation/roll-back-rotation.ts';
import type { SecretBinding } from '../../../src/secrets/policy.ts';
import { personCalled } from '../../provenance/people.ts';
import { nearExpiry } from '../world/near-expiry.ts';
import { bindingOf, dayMs, hourMs, policyOf, rotationWorld, type RotationWorld } from '../world/rotation-world.ts';

const by = personCalled('ann');

describe('dev before staging before prod', () => {
  it('replaces a secret in one environment after the other, though all are due at once', async () => {
    const world = worldOf('dev', 'staging', 'prod');
    const order: string[] = [];
    for (let pass = 0; pass < 6 && order.length < 3; pass += 1) {
      await reconcileRotations(world.tools);
      for (const name of ['app-dev', 'app-staging', 'app-prod'])
        if (!order.includes(name) && isReplaced(world, name)) order.push(name);
      world.advance(5 * 60_000);
    }
    expect(order).toEqual(['app-dev', 'app-staging', 'app-prod']);
  });

  it('says in the plan what is waited for, and asks an event to wait too', async () => {
    const world = worldOf('dev', 'prod');
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    expect(plan).toContain(
      'kv/app-prod: is due, and waits for another environment: kv/app-dev (dev) is due too and goes first.',
    );
    world.restart();
    expect(await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app-prod'))).toMatchObject({
      outcome: 'paced',
      reason: 'earlier-environment',
    });
    expect(isReplaced(world, 'app-prod')).toBe(false);
  });

  it('holds staging and prod while the rotation in dev waits for approval', async () => {
    const world = worldOf('dev', 'prod', { dev: { approval: ['publish'] } });
    for (let pass = 0; pass < 4; pass += 1) {
      await reconcileRotations(world.tools);
      world.advance(hourMs);
    }
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    expect(plan).toContainEqual(expect.stringContaining('kv/app-dev (dev) has not published its new value'));
    expect(isReplaced(world, 'app-prod')).toBe(false);
  });

  it('holds prod after the rotation in dev was rolled back, and lets a person know', async () => {
    const world = worldOf('dev');
    await reconcileRotations(world.tools);
    await rollBackSecret(world.tools, { secret: 'app-dev', reason: 'the shop cannot sign in', by });
    world.policy(policyFor(['dev', 'prod']));
    await reconcileRotations(world.tools);
    expect(isReplaced(world, 'app-prod')).toBe(false);
    const asked = requestRotation(world.tools, { secret: 'app-prod', reason: 'a test', by, emergency: false });
    await expect(asked).rejects.toMatchObject({ code: 'ROTATION_REQUEST_REFUSED' });
    await expect(asked).rejects.toHaveProperty(
      'details.reason',
      'kv/app-dev (dev) has stopped or was rolled back; an emergency does not wait.',
    );
  });

  it('does not hold a person who asks, while nothing there has begun', async () => {
    const world = worldOf('dev', 'prod');
    await requestRotation(world.tools, { secret: 'app-prod', reason: 'a laptop was lost', by, emergency: false });
    expect(isReplaced(world, 'app-prod')).toBe(true);
    expect(isReplaced(world, 'app-dev')).toBe(false);
  });

  it('does not hold an emergency', async () => {
    const world = worldOf('dev', 'prod', { dev: { approval: ['publish'] } });
    await reconcileRotations(world.tools);
    await requestRotation(world.tools, { secret: 'app-prod', reason: 'leaked', by, emergency: true });
    expect(isReplaced(world, 'app-prod')).toBe(true);
  });

  it('accounts for what was read of a secret whose rotation has not begun', async () => {
    const world = worldOf('dev', 'prod', { dev: { approval: ['publish'] } });
    await reconcileRotations(world.tools);
    const read = world.accounted.map(({ secret, operation }) => [secret, operation]);
    expect(read).toContainEqual(['app-prod', 'SecretGet']);
  });

  it.each([
    ['another issuer', { issuer: 'two-users', target: { account: 'other' } }],
    ['an environment outside the order', { environment: 'lab' }],
    ['another name', { name: 'other-dev' }],
    ['mode off', { mode: 'off' }],
    ['mode by-hand, and nothing begun', { mode: 'by-hand' }],
  ] as const)('is not held by a secret of %s', async (_what, dev) => {
    const world = worldOf('dev', 'prod', { dev });
    await reconcileRotations(world.tools);
    expect(isReplaced(world, 'app-prod')).toBe(true);
  });
});

type Changes = Readonly<Record<string, Partial<SecretBinding>>>;

function bindingsFor(environments: readonly string[], changes: Changes): readonly SecretBinding[] {
  return environments.map((environment) =>
    bindingOf(`app-${environment}`, 'mint', { environment, target: { account: environment }, ...changes[environment] }),
  );
}

function policyFor(environments: readonly string[], changes: Changes = {}) {
  const policy = policyOf(...bindingsFor(environments, changes));
  return { ...policy, limits: { ...policy.limits, environmentOrder: ['dev', 'staging', 'prod'] } };
}

function worldOf(...given: readonly (string | Changes)[]): RotationWorld {
  const environments = given.filter((one) => typeof one === 'string');
  const changes = given.find((one) => typeof one !== 'string') ?? {};
  const all = [...new Set([...environments, 'prod'])];
  const world = rotationWorld(bindingsFor(all, changes));
  world.policy(policyFor(environments, changes));
  return world;
}

function isReplaced({ vault, tools }: RotationWorld, name: string): boolean {
  const newest = vault
    .held(name)
    .filter(({ enabled }) => enabled)
    .at(-1);
  return newest !== undefined && tools.now().getTime() - newest.created.getTime() < 10 * dayMs;
}
