import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { far, journalOfSecret, setAgain } from '../world/by-hand.ts';
import { failing } from '../world/faulty-world.ts';
import { openGate } from '../world/gate.ts';
import { bindingOf, hourMs, rotationWorld } from '../world/rotation-world.ts';

// As in `guards-that-survived.test.ts`: each was taken out once, and no test noticed.

const lost = new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: 'kv', secret: 'web', status: 500 });

describe('a version with the id of a rotation that never was', () => {
  it('is met under its own name, whatever its tag says', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    world.providers.mint.put('app', { id: 'planted', name: 'x', value: 'planted' });
    const store = world.tools.stores.get('kv');
    const tags = { 'rotation-id': 'bbbbbbbbbbbbbbbb.1', CredentialId: 'planted' };
    await store?.add({ name: 'app', value: new SecretValue('planted'), expires: far, contentType: null, tags });
    await reconcileRotations(world.tools);
    const met = (await journalOfSecret(world)).flatMap(({ facts }) => facts.met ?? []);
    expect(met.find(({ credentialId }) => credentialId === 'planted')?.key).toMatch(/^seen\./);
  });
});

describe('a repair that failed a moment ago', () => {
  it('is not followed by another sign-in before its time: a provider may lock the account', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    await reconcileRotations(world.tools);
    world.advance(7 * hourMs);
    world.providers.single.put('app', { id: 'only', name: 'user app', value: 'only:by hand' });
    const away = new ServiceError('PROVIDER_UNREACHABLE', { issuer: 'single', provider: 'memory', reason: 'away' });
    failing(world, 'provider.issue', 1, away, 'before');
    await reconcileRotations(world.tools);
    let tried = 0;
    world.gateway.gate = {
      before: (what) => void (tried += what.startsWith('provider.verify') ? 1 : 0),
      after: () => undefined,
    };
    await reconcileRotations(world.tools);
    expect(tried).toBe(0);
  });
});

describe('a group of random values of which one was published', () => {
  it('goes on with the other when its answer is lost, and publishes the first no second time', async () => {
    const world = rotationWorld([
      bindingOf('app', 'random', { group: 'pair' }),
      bindingOf('web', 'random', { group: 'pair' }),
    ]);
    failing(world, 'vault.add web', 1, lost, 'before');
    await reconcileRotations(world.tools);
    world.gateway.gate = openGate;
    for (let pass = 0; pass < 3; pass += 1) {
      world.advance(hourMs / 2);
      await reconcileRotations(world.tools);
    }
    expect(world.vault.held('web')).toHaveLength(2);
    expect(world.vault.held('app')).toHaveLength(2);
  });
});

describe('an end that was not sent because the newest version had changed', () => {
  it('asks again who uses the credential', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    world.advance(2 * hourMs);
    let changed = false;
    world.gateway.gate = {
      before: () => undefined,
      after: (what) => {
        if (changed || !what.startsWith('records.create journal')) return;
        changed = true;
        setAgain(world, 'app', -1, far);
        const running = ['job 4711'];
        world.readers = { watermark: new Date(world.tools.now().getTime() + hourMs), gaps: [], reads: [], running };
      },
    };
    await reconcileRotations(world.tools);
    await reconcileRotations(world.tools);
    expect((await journalOfSecret(world)).some(({ facts }) => facts.failure === 'NEWEST_VERSION_CHANGED')).toBe(true);
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
  });
});
