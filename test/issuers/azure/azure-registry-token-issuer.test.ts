import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { azureRegistryTokenIssuer } from '../../../src/issuers/azure/azure-registry-token-issuer.ts';
import type { CredentialIssuer, IssueRequest } from '../../../src/rotation/ports/credential-issuer.ts';
import { azureClouds } from '../../../src/secrets/azure-cloud.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import { bindingOf } from '../binding.ts';
import { fakeRegistry, registryToken } from '../fake-registry.ts';
import { type LossyProxy, lossyProxy } from '../lossy-proxy.ts';

const armToken = 'arm-access-token-4711';
const tokens = { getToken: () => Promise.resolve({ token: armToken }) };
const target = { token: registryToken.id };
const laterRotation = 'abcdefghij234567.2';
const now = new Date('2026-03-01T00:00:00Z');

async function newWorld() {
  const registry = await fakeRegistry(armToken);
  const proxy = await lossyProxy(registry.url, (url) => url.includes('generateCredentials'));
  const pauses: number[] = [];
  const issuer = () =>
    azureRegistryTokenIssuer({
      tokens,
      endpoint: proxy.url,
      cloud: azureClouds.public,
      registryAddress: () => proxy.url,
      pause: (milliseconds) => {
        pauses.push(milliseconds);
        return Promise.resolve();
      },
    });
  const stop = async () => {
    await proxy.stop();
    await registry.stop();
  };
  return { registry, proxy, issuer, pauses, stop };
}

credentialIssuerContract('azure-registry-token', async () => {
  const { registry, proxy, issuer, stop } = await newWorld();
  return {
    issuer: issuer(),
    binding: bindingOf('azure-registry-token', target),
    wrongTargets: [
      {},
      { token: registryToken.id.replace('/tokens/', '/scopeMaps/') },
      { token: `${registryToken.id}?api-version=1` },
      { ...target, loginServer: 'registry.example.com' },
      { ...target, form: 'xml' },
    ],
    current: null,
    currentCredentialId: null,
    opens: (value) => Promise.resolve(registry.passwords.some((one) => one.value === value.reveal())),
    calls: proxy.calls,
    loseNextAnswer: proxy.loseNextAnswer,
    oldEnds: 'at-revoke',
    // An expiry shows a rotation its own password; from it alone no rotation is known.
    traceable: false,
    foreign: () => Promise.resolve(null),
    stop,
  };
});

describe('the two passwords of a registry’s token', () => {
  let world: Awaited<ReturnType<typeof newWorld>>;
  let issuer: CredentialIssuer;
  let proxy: LossyProxy;
  beforeEach(async () => {
    world = await newWorld();
    ({ proxy } = world);
    issuer = world.issuer();
  });
  afterEach(async () => await world.stop());

  it('are never set again while they are in use: with both made by hand, a person is asked to delete one', async () => {
    const { registry } = world;
    const made = [registry.set('password1', null), registry.set('password2', '2027-01-01T00:00:00Z')];
    const failure: unknown = await issuer.issue(asked(), null).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'PROVIDER_STATE_REFUSED' });
    expect(inspect(failure, { depth: 9 })).toContain('az acr token credential delete');
    expect(registry.passwords).toEqual(made);
  });

  it('take turns: the new one takes the place that is free, and the old one’s is free when it has ended', async () => {
    const first = await issuer.issue(asked(), null);
    const second = await issuer.issue(asked({ rotationId: laterRotation }), null);
    expect([first.credentialId, second.credentialId].map((id) => id.split('#')[0])).toEqual(['password1', 'password2']);
    const ended = asked({ rotationId: laterRotation, current: second.value });
    expect(await issuer.revoke(ended, first.credentialId)).toEqual({ outcome: 'revoked' });
    expect(await issuer.verify(ended, first)).toMatchObject({ outcome: 'refused', authenticated: false });
    expect(await issuer.verify(ended, second)).toMatchObject({ outcome: 'works', principal: 'ci-push' });
    const third = await issuer.issue(asked({ rotationId: 'bbbbbbbbbbbbbbbb.1' }), null);
    expect(third.credentialId).toMatch(/^password1#/);
    expect(await issuer.verify(ended, second)).toMatchObject({ outcome: 'works' });
  });

  it('are waited for while both are Keyturn’s: the earlier one ends by its own rule', async () => {
    await issuer.issue(asked(), null);
    await issuer.issue(asked({ rotationId: laterRotation }), null);
    const third = issuer.issue(asked({ rotationId: 'bbbbbbbbbbbbbbbb.1' }), null);
    await expect(third).rejects.toMatchObject({ code: 'PROVIDER_THROTTLED', details: { retryAfterSeconds: 600 } });
  });

  it('end once: what took the place of an ended one meanwhile lives on', async () => {
    const first = await issuer.issue(asked(), null);
    await issuer.revoke(asked(), first.credentialId);
    expect(await issuer.revoke(asked(), first.credentialId)).toEqual({ outcome: 'absent' });
    const second = await issuer.issue(asked({ rotationId: laterRotation }), null);
    expect(await issuer.revoke(asked(), first.credentialId)).toEqual({ outcome: 'absent' });
    expect(await issuer.verify(asked(), second)).toMatchObject({ outcome: 'works' });
  });

  it('are found by the rotation that made them, when the answer was lost', async () => {
    proxy.loseNextAnswer();
    await expect(issuer.issue(asked(), null)).rejects.toMatchObject({ code: 'PROVIDER_ANSWER_UNCLEAR' });
    const after = asked({ now: new Date(now.getTime() + 86_400_000) });
    const found = await issuer.describe(after);
    expect(found).toMatchObject({ outcome: 'present', value: null });
    expect(await issuer.describe(asked({ rotationId: laterRotation }))).toEqual({ outcome: 'absent' });
    const id = found.outcome === 'present' ? found.credentialId : '';
    expect(await issuer.revoke(asked(), id)).toEqual({ outcome: 'revoked' });
    expect(await issuer.describe(asked())).toEqual({ outcome: 'absent' });
  });

  it('are not set while a request whose answer was lost may still arrive', async () => {
    const { registry } = world;
    proxy.loseNextAnswer();
    await expect(issuer.issue(asked(), null)).rejects.toMatchObject({ code: 'PROVIDER_ANSWER_UNCLEAR' });
    // As if it had not arrived yet.
    registry.passwords.length = 0;
    const next = (minutes: number) =>
      issuer.issue(asked({ rotationId: laterRotation, now: new Date(now.getTime() + minutes * 60_000) }), null);
    await expect(next(5)).rejects.toMatchObject({ code: 'PROVIDER_THROTTLED', details: { retryAfterSeconds: 720 } });
    expect(registry.passwords).toEqual([]);
    expect((await next(17)).credentialId).toMatch(/^password1#/);
  });

  it('are told at Azure’s own address when it needs longer, and at no other', async () => {
    const { registry } = world;
    registry.answerLater(1);
    const first = await issuer.issue(asked(), null);
    expect(await issuer.verify(asked(), first)).toMatchObject({ outcome: 'works' });
    registry.answerElsewhere('http://127.0.0.1:9/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/result');
    const other = issuer.issue(asked({ rotationId: laterRotation }), null);
    await expect(other).rejects.toMatchObject({
      code: 'PROVIDER_ANSWER_UNCLEAR',
      details: { reason: 'the result is at an unexpected address' },
    });
  });

  it('are not yet usable while one of the registry’s servers does not know them', async () => {
    const made = await issuer.issue(asked(), null);
    world.registry.stayBehind(1);
    expect(await issuer.verify(asked(), made)).toMatchObject({ outcome: 'not-yet' });
    expect(await issuer.verify(asked(), made)).toMatchObject({ outcome: 'works' });
    // Of two servers that are asked in turn, the second learns of it later.
    world.registry.forgetEverySecond();
    expect(await issuer.verify(asked(), made)).toMatchObject({ outcome: 'not-yet' });
    expect(world.pauses).toEqual([20_000, 20_000]);
    const later = asked({ now: new Date(now.getTime() + 3_600_000) });
    world.pauses.length = 0;
    expect(await issuer.verify(later, made)).toMatchObject({ outcome: 'works' });
    expect(world.pauses).toEqual([]);
  });

  it('do not work while the token is disabled', async () => {
    const made = await issuer.issue(asked(), null);
    world.registry.disable();
    expect(await issuer.verify(asked(), made)).toMatchObject({ outcome: 'refused', authenticated: false });
  });

  it('are published alone, or as JSON with the registry and the user, and verified in either form', async () => {
    const made = await issuer.issue(asked(), null);
    const binding = bindingOf('azure-registry-token', { ...target, form: 'json' });
    const published = issuer.formFor?.(binding, made) ?? made.value;
    expect(JSON.parse(published.reveal())).toEqual({
      registry: 'shopimages.azurecr.io',
      username: 'ci-push',
      password: made.value.reveal(),
    });
    expect(await issuer.verify(asked({ binding }), { ...made, value: published })).toMatchObject({ outcome: 'works' });
  });

  it('work before their first rotation, though nobody noted which one is in force', async () => {
    const byHand = world.registry.set('password1', null);
    const held = { credentialId: '', value: new SecretValue(byHand.value) };
    expect(await issuer.verify(asked(), held)).toMatchObject({ outcome: 'works', principal: 'ci-push' });
  });

  it.each(['', 'password1', 'password3#1790000000', 'password1#0', '../password1#1790000000'])(
    'do not end by an id that is none: %j',
    async (id) => {
      await expect(issuer.revoke(asked(), id)).rejects.toMatchObject({ code: 'ISSUER_TARGET_REFUSED' });
      expect(proxy.calls()).toBe(0);
    },
  );

  function asked(change: Partial<IssueRequest> = {}): IssueRequest {
    return {
      binding: bindingOf('azure-registry-token', target),
      rotationId: contractRotation,
      current: null,
      currentCredentialId: null,
      signal: AbortSignal.timeout(120_000),
      now,
      ...change,
    };
  }
});
