import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import type { RotationTools } from '../../src/rotation/rotation-tools.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { ServiceError } from '../../src/service-error.ts';
import { secretStoreContract } from '../contracts/secret-store.contract.ts';
import { memoryVault } from './world/memory-secret-store.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, dayMs, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

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
});

describe('each kind of bad input, asked for by a person', () => {
  const ask = { reason: 'a test', by: personCalled('ann'), emergency: false };

  it('unknown issuer: refused before anything is claimed', async () => {
    const world = rotationWorld([bindingOf('app', 'nonsense')]);
    await expect(requestRotation(world.tools, { ...ask, secret: 'app' })).rejects.toMatchObject({
      code: 'ISSUER_UNKNOWN',
      details: { issuer: 'nonsense', known: expect.arrayContaining(['mint']) as string[] },
    });
    expect(await reconcileRotations(world.tools)).toMatchObject({ faults: ['kv/app: ISSUER_UNKNOWN'] });
    expectUntouched(world, '');
  });

  it('malformed policy: nothing of it counts, and each fault is named with its place', () => {
    const text = [
      'format: 1',
      'secrets:',
      '  app: { issuer: generated, target: {}, validity: soon }',
      '  App: { issuer: generated, target: {}, validity: 90d, grase: 1d }',
    ].join('\n');
    const vaults = [{ name: 'kv', url: 'https://kv.vault.azure.net', resourceId: null }];
    const fault = attempt(() => parsePolicy(text, 'keyturn.policy.yml', vaults));
    expect(fault).toMatchObject({ code: 'POLICY_MALFORMED' });
    const faults = ServiceError.is(fault, 'POLICY_MALFORMED') ? fault.details.faults.join('\n') : '';
    for (const place of ['3:', 'validity', '4:', 'grase']) expect(faults).toContain(place);
  });

  // Malformed tags, and tags that widen, fill bad-tags.test.ts.

  it('validity shorter than the near-expiry window: the vault’s event for each new version starts no storm', async () => {
    const world = rotationWorld([bindingOf('app', 'random', { validityMs: 20 * dayMs })]);
    const [old] = world.vault.held('app');
    await requestRotation(world.tools, { ...ask, secret: 'app' });
    const renewed = world.latestValue('app');
    expect(renewed).not.toBe(old?.value.reveal());
    for (let hour = 0; hour < 48; hour += 1) {
      world.advance(3_600_000);
      expect(await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'))).toMatchObject({ outcome: 'not-due' });
    }
    expect(world.latestValue('app')).toBe(renewed);
  });

  it('value over 25 KB: refused by the vault when it is staged, before the provider hears of it', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    const issuer = {
      ...world.providers['two-users'].issuer,
      propose: () => new SecretValue(`b:${'x'.repeat(26_000)}`),
    };
    const tools = { ...world.tools, issuers: new Map([['two-users', issuer]]) };
    await requestRotation(tools, { ...ask, secret: 'app' });
    await expectAttention(tools, 'VAULT_REQUEST_REFUSED');
    expect(world.providers['two-users'].made).toBe(0);
    expectUntouched(world, 'a:old-app');
  });

  it('a sixteenth tag: refused before the provider hears of it', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    const tags = Object.fromEntries(Array.from({ length: 15 }, (_one, index) => [`tag${String(index)}`, 'x']));
    const created = new Date(world.tools.now().getTime() - 80 * dayMs);
    world.vault.put({ name: 'app', value: new SecretValue('a:old-app'), created, tags });
    await requestRotation(world.tools, { ...ask, secret: 'app' });
    await expectAttention(world.tools, 'SECRET_TAGS_TOO_MANY');
    expect(world.providers['two-users'].made).toBe(0);
    expect(world.latestValue('app')).toBe('a:old-app');
  });

  it('a name that is softly deleted: nothing is claimed for it, and a pending value under such a name waits for a person', async () => {
    const world = rotationWorld([bindingOf('gone', 'random'), bindingOf('app', 'two-users')]);
    world.vault.remove('gone');
    await expect(requestRotation(world.tools, { ...ask, secret: 'gone' })).rejects.toMatchObject({
      code: 'SECRET_ABSENT',
      says: expect.stringContaining('ecover') as string,
    });
    world.vault.put({ name: 'rot-pending--app', value: new SecretValue('x') });
    world.vault.remove('rot-pending--app');
    await requestRotation(world.tools, { ...ask, secret: 'app' });
    await expectAttention(world.tools, 'SECRET_SOFT_DELETED');
    expectUntouched(world, 'a:old-app');
    world.vault.recover('rot-pending--app');
    await requestRotation(world.tools, { ...ask, secret: 'app' });
    expect(await listRotations(world.tools)).toMatchObject([{ state: 'grace' }]);
  });

  it('a vault without permission: tried again later with the diagnosis, and goes on once the assignment has arrived', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    let denied = true;
    world.gateway.gate = {
      before: (what) => {
        if (!denied || !what.startsWith('vault.add')) return undefined;
        const reason = 'ForbiddenByRbac';
        throw new ServiceError('VAULT_ACCESS_DENIED', { vault: 'kv', secret: 'app', objectId: 'o-1', reason });
      },
      after: () => undefined,
    };
    await requestRotation(world.tools, { ...ask, secret: 'app' });
    const [waiting] = await listRotations(world.tools);
    expect(waiting).toMatchObject({ state: 'retry-wait', failure: 'VAULT_ACCESS_DENIED' });
    expect(waiting?.diagnosis).toMatch(/objectId o-1; reason ForbiddenByRbac/);
    expectUntouched(world, 'a:old-app');
    denied = false;
    for (let pass = 0; pass < 3; pass += 1) {
      world.advance(300_000);
      await reconcileRotations(world.tools);
    }
    expect(await listRotations(world.tools)).toMatchObject([{ state: 'grace' }]);
  });

  it('a vault that refuses even to be looked at: the code says so, to the person and of each pass', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    world.gateway.gate = {
      before: (what) => {
        if (!what.startsWith('vault.')) return undefined;
        const reason = 'ForbiddenByRbac';
        throw new ServiceError('VAULT_ACCESS_DENIED', { vault: 'kv', secret: null, objectId: 'o-1', reason });
      },
      after: () => undefined,
    };
    await expect(requestRotation(world.tools, { ...ask, secret: 'app' })).rejects.toMatchObject({
      code: 'VAULT_ACCESS_DENIED',
      retry: 'after-propagation',
    });
    const { faults } = await reconcileRotations(world.tools);
    expect(faults.join()).toContain('VAULT_ACCESS_DENIED');
    expectUntouched(world, 'a:old-app');
  });

  it('a provider that refuses every value by its policy: another is proposed each time, and a person is called in the end', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    world.providers['two-users'].refusesByPolicy = Number.POSITIVE_INFINITY;
    await requestRotation(world.tools, { ...ask, secret: 'app' });
    for (let pass = 0; pass < 60; pass += 1) {
      world.advance(pass % 8 === 7 ? dayMs : 300_000);
      await reconcileRotations(world.tools);
    }
    await expectAttention(world.tools, 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY');
    expectUntouched(world, 'a:old-app');
    const staged = world.vault.held('rot-pending--app');
    expect(new Set(staged.map(({ value }) => value.reveal())).size).toBe(staged.length);
    expect(staged.length).toBeGreaterThan(1);
    expect(staged.filter(({ enabled }) => enabled).length).toBeLessThanOrEqual(1);
  });

  async function expectAttention(tools: RotationTools, failure: string): Promise<void> {
    expect(await listRotations(tools)).toMatchObject([{ state: 'needs-attention', failure }]);
  }

  function expectUntouched(world: ReturnType<typeof rotationWorld>, old: string): void {
    expect(world.vault.held('app')).toHaveLength(1);
    expect(world.latestValue('app')).toBe(old);
    if (old.startsWith('a:')) expect(world.providers['two-users'].opens('app', old)).toBe(true);
  }

  function attempt(act: () => unknown): unknown {
    try {
      return act();
    } catch (error) {
      return error;
    }
  }
});
