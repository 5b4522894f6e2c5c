import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../../src/rotation/handle-vault-event.ts';
import { madeElsewhere } from '../../../src/rotation/made-elsewhere.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { personCalled } from '../../provenance/people.ts';
import { nearExpiry } from '../world/near-expiry.ts';
import { bindingOf, dayMs, rotationWorld } from '../world/rotation-world.ts';

describe('a bound secret whose value is made elsewhere', () => {
  it('is never replaced where a certificate of the vault stands behind it, and every way says so', async () => {
    const world = certificateWorld();
    for (const plan of [true, false]) {
      const result = await reconcileRotations(world.tools, { plan });
      expect(result.faults).toContain('kv/app: SECRET_OF_CERTIFICATE');
      expect(result.plan.filter((sentence) => sentence.includes('would rotate'))).toEqual([]);
    }
    expect(await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'))).toMatchObject({
      outcome: 'failed',
      reason: 'SECRET_OF_CERTIFICATE',
    });
    const by = personCalled('ann');
    await expect(
      requestRotation(world.tools, { secret: 'app', reason: 'a test', by, emergency: true }),
    ).rejects.toMatchObject({ code: 'SECRET_OF_CERTIFICATE' });
    expect(world.latestValue('app')).toBe('certificate and key');
  });

  it.each([
    ['generated', 'application/x-pkcs12', 'SECRET_MADE_BY_PROVIDER'],
    ['generated', 'StorageAccountKey', 'SECRET_MADE_BY_PROVIDER'],
    ['generated', 'text/plain', undefined],
    ['azure-keys', 'StorageAccountKey', undefined],
  ])('issuer %s, content type %s: %s', (issuer, contentType, code) => {
    expect(madeElsewhere(bindingOf('app', issuer), { contentType })?.code).toBe(code);
  });

  it('is replaced where a person wrote that they looked', () => {
    const reviewed = bindingOf('app', 'generated', { reviewed: true });
    expect(madeElsewhere(reviewed, { contentType: 'connection string' })).toBeNull();
  });
});

function certificateWorld() {
  const world = rotationWorld([bindingOf('app', 'random')]);
  const now = world.tools.now().getTime();
  world.vault.put({
    name: 'app',
    value: new SecretValue('certificate and key'),
    created: new Date(now - 85 * dayMs),
    expires: new Date(now + 5 * dayMs),
    managed: true,
  });
  return world;
}
