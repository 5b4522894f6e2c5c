import { azureClouds } from '../../src/secrets/azure-cloud.ts';
import { errors, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { eventGridTokenCheck } from '../../src/azure/event-grid-token.ts';

const tenantId = '11111111-1111-1111-1111-111111111111';
const audience = 'api://keyturn';
const eventGrid = '4962773b-9cdb-44cf-a8bf-237846a00ab7';

describe('the token of an Event Grid delivery', () => {
  it('is accepted only for Event Grid of the configured tenant and audience', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const foreign = await generateKeyPair('RS256');
    const check = eventGridTokenCheck({ audience, tenantId, cloud: azureClouds.public }, () =>
      Promise.resolve(publicKey),
    );
    const token = async (claims: Record<string, unknown>, key = privateKey) =>
      await new SignJWT({ iss: `https://sts.windows.net/${tenantId}/`, aud: audience, appid: eventGrid, ...claims })
        .setProtectedHeader({ alg: 'RS256' })
        .setExpirationTime('5m')
        .sign(key);
    expect(await check(await token({}))).toBe(true);
    expect(await check(await token({ appid: 'another' }))).toBe(false);
    expect(await check(await token({ aud: 'another' }))).toBe(false);
    expect(await check(await token({ iss: 'https://sts.windows.net/another/' }))).toBe(false);
    expect(await check(await token({}, foreign.privateKey))).toBe(false);
    expect(await check('not.a.token')).toBe(false);
  });

  it.each([
    ['do not arrive in time', new errors.JWKSTimeout()],
    ['are answered with an error', new errors.JOSEError('Expected 200 OK')],
    ['cannot be asked for', new TypeError('fetch failed')],
  ])('is not rejected while the keys of the tenant %s', async (_, failure) => {
    const { privateKey } = await generateKeyPair('RS256');
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
    const check = eventGridTokenCheck({ audience, tenantId, cloud: azureClouds.public }, () => Promise.reject(failure));
    await expect(check(token)).rejects.toMatchObject({ code: 'EVENT_TOKEN_UNCHECKED', retry: 'backoff' });
  });
});
