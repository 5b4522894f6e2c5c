import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { secretStoreContract } from '../contracts/secret-store.contract.ts';
import { memoryVault } from './world/memory-secret-store.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, dayMs, policyOf, rotationWorld } from './world/rotation-world.ts';

secretStoreContract('memory', () => Promise.resolve(memoryVault('kv', () => new Date('2026-03-01T00:00:00Z'))));

describe('what an operator or a stranger got wrong', () => {
  it('names an issuer that does not exist, and leaves the secret alone', async () => {
    const world = rotationWorld([bindingOf('app', 'nonsense')]);
    expect(await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'))).toMatchObject({
      outcome: 'failed',
      reason: 'ISSUER_UNKNOWN',
    });
    expect(await reconcileRotations(world.tools)).toMatchObject({ faults: ['kv/app: ISSUER_UNKNOWN'] });
    expect(world.vault.held('app')).toHaveLength(1);
  });

  it('refuses a target that the issuer does not know, and one that two secrets are bound to without a group', async () => {
    const world = rotationWorld([
      bindingOf('bare', 'mint', { target: {} }),
      bindingOf('one', 'two-keys', { target: { account: 'shared' } }),
      bindingOf('two', 'two-keys', { target: { account: 'shared' } }),
    ]);
    const { faults } = await reconcileRotations(world.tools);
    expect(faults).toEqual(['kv/bare', 'kv/one', 'kv/two'].map((key) => `${key}: ISSUER_TARGET_REFUSED`));
    expect(world.providers['two-keys'].made).toBe(0);
  });

  it('stops before anything is issued when a sixteenth tag would be needed', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const tags = Object.fromEntries(Array.from({ length: 11 }, (_one, index) => [`tag${String(index)}`, 'x']));
    world.vault.put({
      name: 'app',
      value: new SecretValue('x'),
      created: new Date(world.tools.now().getTime() - 80 * dayMs),
      tags,
    });
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    expect(await listRotations(world.tools)).toMatchObject([
      { state: 'needs-attention', failure: 'SECRET_TAGS_TOO_MANY' },
    ]);
    expect(world.providers.mint.made).toBe(0);
  });

  it('keeps the old value in force when the new one is longer than the vault takes', async () => {
    const world = rotationWorld([bindingOf('app', 'random')]);
    const issuer = { ...world.providers.random.issuer, propose: () => new SecretValue('x'.repeat(26_000)) };
    const tools = { ...world.tools, issuers: new Map([['random', issuer]]) };
    const old = world.latestValue('app');
    await handleVaultEvent(tools, nearExpiry(world.vault, 'app'));
    expect(await listRotations(tools)).toMatchObject([{ state: 'needs-attention', failure: 'VAULT_REQUEST_REFUSED' }]);
    expect(world.latestValue('app')).toBe(old);
  });

  it('gives a tag that would widen no effect, and counts it; one that shortens counts', async () => {
    const world = rotationWorld([bindingOf('long', 'random'), bindingOf('short', 'random')]);
    const fresh = (days: string) => ({
      value: new SecretValue('x'),
      created: new Date(world.tools.now().getTime() - 20 * dayMs),
      tags: { ValidityPeriodDays: days },
    });
    world.vault.put({ name: 'long', ...fresh('900') });
    world.vault.put({ name: 'short', ...fresh('25') });
    const { counts } = await reconcileRotations(world.tools);
    expect(counts).toMatchObject({ tagsWidened: 1, due: 1, withoutExpiry: 2 });
    expect(world.vault.held('short').at(-1)?.expires).toEqual(new Date('2026-03-26T00:00:00Z'));
    expect(world.vault.held('long')).toHaveLength(2);
  });

  it('stops a rotation whose target the policy has changed meanwhile', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.providers.mint.notYet = 1;
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    const tools = { ...world.tools, policy: policyOf(bindingOf('app', 'mint', { target: { account: 'production' } })) };
    world.advance(300_000);
    expect(await reconcileRotations(tools)).toMatchObject({ faults: ['kv/app: ISSUER_TARGET_REFUSED'] });
    expect(world.vault.held('app')).toHaveLength(1);
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
      world.advance(300_000);
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
      value: new SecretValue('value-of-old-app'),
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
