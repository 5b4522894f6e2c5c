import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, dayMs, policyOf, rotationWorld } from './world/rotation-world.ts';

describe('what somebody changed while a rotation was under way, or before', () => {
  it('publishes nothing of a rotation whose target the policy has changed meanwhile, and takes back what it issued', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.providers.mint.notYet = 1;
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    const target = { account: 'production' };
    world.policy(policyOf(bindingOf('app', 'mint', { target, mode: 'by-hand' })));
    for (let pass = 0; pass < 3; pass += 1) {
      world.advance(1_200_000);
      await reconcileRotations(world.tools);
    }
    expect(await listRotations(world.tools)).toMatchObject([{ state: 'abandoned', newValue: 'withdrawn' }]);
    expect(world.vault.held('app')).toHaveLength(1);
    expect(world.providers.mint.live('app').map(({ id }) => id)).toEqual(['old-app']);
  });

  it('does not use a staged value that somebody else planted', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    world.gateway.gate = {
      before: (what) => (what.startsWith('provider.issue') ? Promise.reject(new Error('dead')) : undefined),
      after: () => undefined,
    };
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app')).catch(() => undefined);
    const staged = world.vault.held('rot-pending--app').at(-1);
    world.vault.put({ name: 'rot-pending--app', value: new SecretValue('b:planted'), tags: staged?.tags ?? {} });
    world.gateway.gate = { before: () => undefined, after: () => undefined };
    world.restart();
    for (let pass = 0; pass < 3; pass += 1) {
      world.advance(3_600_000);
      await reconcileRotations(world.tools);
    }
    expect(world.latestValue('app')).not.toContain('planted');
    expect(world.vault.held('app')).toHaveLength(2);
    expect(world.vault.held('rot-pending--app').some(({ enabled }) => enabled)).toBe(false);
  });

  it('does not revoke a credential on the word of a tag alone', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.providers.mint.put('app', { id: 'victim', name: 'by hand', value: 'v' });
    world.vault.put({
      name: 'app',
      value: new SecretValue('a-value-that-nothing-knows'),
      created: new Date(world.tools.now().getTime() - 80 * dayMs),
      tags: { CredentialId: 'victim', 'rotation-id': 'aaaaaaaaaaaaaaaa.1' },
    });
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    world.advance(3_600_000 * 2);
    await reconcileRotations(world.tools);
    expect(world.providers.mint.live('app').map(({ id }) => id)).toContain('victim');
    expect(await listRotations(world.tools)).toMatchObject([{ state: 'done', oldValue: 'disabled-only' }]);
  });
});
