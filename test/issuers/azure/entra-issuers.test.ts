import { randomBytes, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { entraCertificateIssuer } from '../../../src/issuers/azure/entra-certificate-issuer.ts';
import { entraPasswordIssuer } from '../../../src/issuers/azure/entra-password-issuer.ts';
import {
  newSelfSignedCertificate,
  readKeyWithCertificate,
} from '../../../src/issuers/azure/self-signed-certificate.ts';
import type { IssueRequest } from '../../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import { bindingOf } from '../binding.ts';
import { application, fakeEntra } from '../fake-entra.ts';
import { lossyProxy } from '../lossy-proxy.ts';

const token = 'graph-access-token-4711';
const tokens = { getToken: () => Promise.resolve({ token }) };
const target = { application: application.id, clientId: application.appId, tenant: application.tenant };
const wrongTargets = [{}, { ...target, application: 'x' }, { ...target, tenant: '../common' }, { ...target, extra: 1 }];
const now = new Date('2026-03-01T00:00:00Z');
const later = new Date('2026-09-01T00:00:00Z');

async function world() {
  const entra = await fakeEntra(token);
  const proxy = await lossyProxy(entra.url, (url) => /\/(?:add|remove)\w+$/.test(url));
  entra.setAddress(proxy.url);
  const pauses: number[] = [];
  const pause = (milliseconds: number) => {
    pauses.push(milliseconds);
    return Promise.resolve();
  };
  const tools = { tokens, graph: proxy.url, authority: proxy.url, pause };
  const stop = async () => {
    await proxy.stop();
    await entra.stop();
  };
  return { entra, proxy, tools, pauses, stop };
}

credentialIssuerContract('entra-password', async () => {
  const { entra, proxy, tools, stop } = await world();
  const add = (displayName: string, secretText: string) => {
    const keyId = `00000000-0000-4000-8000-00000000000${String(entra.passwords.length)}`;
    entra.passwords.push({
      keyId,
      displayName,
      secretText,
      hint: secretText.slice(0, 3),
      endDateTime: later.toISOString(),
    });
    return keyId;
  };
  const current = new SecretValue('aB1~first-password-of-the-application');
  const currentCredentialId = add('by hand', current.reveal());
  add('Terraform', 'zZ9~somebody-else');
  return {
    issuer: entraPasswordIssuer(tools),
    binding: bindingOf('entra-password', target),
    wrongTargets,
    current,
    currentCredentialId,
    opens: (value) => Promise.resolve(entra.passwords.some(({ secretText }) => secretText === value.reveal())),
    calls: proxy.calls,
    loseNextAnswer: proxy.loseNextAnswer,
    oldEnds: 'at-revoke',
    traceable: true,
    foreign: () => Promise.resolve(entra.passwords.filter(({ displayName }) => displayName === 'Terraform')),
    stop,
  };
});

credentialIssuerContract('entra-certificate', async () => {
  const { entra, proxy, tools, stop } = await world();
  const add = (displayName: string) => {
    const value = newSelfSignedCertificate(displayName, now, later, randomBytes);
    const keyId = `00000000-0000-4000-8000-00000000000${String(entra.certificates.length)}`;
    const key = readKeyWithCertificate(value)?.certificate.raw.toString('base64') ?? '';
    entra.certificates.push({ keyId, displayName, key, endDateTime: later.toISOString() });
    return { keyId, value };
  };
  const first = add('by hand');
  add('Terraform');
  return {
    issuer: entraCertificateIssuer({ ...tools, randomBytes }),
    binding: bindingOf('entra-certificate', target),
    wrongTargets,
    current: first.value,
    currentCredentialId: first.keyId,
    opens: (value) => {
      const own = readKeyWithCertificate(value)?.certificate.raw.toString('base64');
      return Promise.resolve(entra.certificates.some(({ key }) => key === own));
    },
    calls: proxy.calls,
    loseNextAnswer: proxy.loseNextAnswer,
    oldEnds: 'at-revoke',
    traceable: true,
    foreign: () => Promise.resolve(entra.certificates.filter(({ displayName }) => displayName === 'Terraform')),
    stop,
  };
});

describe('a password of an Entra application', () => {
  it('expires a week after the last moment when it could be needed', async () => {
    const { entra, tools, stop } = await world();
    await entraPasswordIssuer(tools).issue(requestOf('entra-password'), null);
    expect(entra.passwords.at(-1)?.endDateTime).toBe('2026-06-07T00:00:00.000Z');
    await stop();
  });

  it('is issued and verified for a client id in capitals', async () => {
    const { tools, stop } = await world();
    const issuer = entraPasswordIssuer(tools);
    const capitals = {
      ...target,
      clientId: target.clientId.toUpperCase(),
      application: target.application.toUpperCase(),
    };
    const request = { ...requestOf('entra-password'), binding: bindingOf('entra-password', capitals) };
    const credential = await issuer.issue(request, null);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    await stop();
  });

  it('is not yet usable, rather than refused, while Entra propagates it', async () => {
    const { entra, tools, stop } = await world();
    const issuer = entraPasswordIssuer(tools);
    const request = requestOf('entra-password');
    const credential = await issuer.issue(request, null);
    entra.propagateAfter(2);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'not-yet' });
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'not-yet' });
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works', principal: application.appId });
    await stop();
  });

  it('is not yet usable while one of Entra’s servers knows it and another does not', async () => {
    const { entra, tools, pauses, stop } = await world();
    const issuer = entraPasswordIssuer(tools);
    const request = requestOf('entra-password');
    const credential = await issuer.issue(request, null);
    entra.propagateAfter(1, 1);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'not-yet' });
    expect(pauses).toEqual([20_000]);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    // What an earlier rotation made has settled long ago.
    const later = { ...request, rotationId: 'abcdefghij234567.2' };
    expect(await issuer.verify(later, credential)).toMatchObject({ outcome: 'works' });
    const anHourOn = { ...request, now: new Date(now.getTime() + 3_600_000) };
    expect(await issuer.verify(anHourOn, credential)).toMatchObject({ outcome: 'works' });
    expect(pauses).toHaveLength(2);
    await stop();
  });

  it('is not published when there is no time for the second try', async () => {
    const { tools, stop } = await world();
    const issuer = entraPasswordIssuer({ ...tools, pause: () => Promise.reject(new DOMException('x', 'AbortError')) });
    const request = requestOf('entra-password');
    const credential = await issuer.issue(request, null);
    await expect(issuer.verify(request, credential)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    await stop();
  });

  it('waits while Graph handles another change in the tenant', async () => {
    const { entra, tools, stop } = await world();
    entra.refuseAsConcurrent(1);
    const issuer = entraPasswordIssuer(tools);
    await expect(issuer.issue(requestOf('entra-password'), null)).rejects.toMatchObject({
      code: 'PROVIDER_THROTTLED',
      retry: 'backoff',
    });
    expect(entra.passwords).toHaveLength(0);
    await stop();
  });

  it('is not created for an application with another client id', async () => {
    const { entra, tools, stop } = await world();
    const other = { ...target, clientId: '99999999-7777-4888-9999-aaaaaaaaaaaa' };
    await expect(entraPasswordIssuer(tools).issue(requestOf('entra-password', other), null)).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
    });
    expect(entra.passwords).toHaveLength(0);
    await stop();
  });
});

describe('a certificate of an Entra application', () => {
  it('can be read by OpenSSL, with its name and expiry, signed by its own key', () => {
    const own = readKeyWithCertificate(
      newSelfSignedCertificate('keyturn.x', now, new Date('2051-01-01T00:00:00Z'), randomBytes),
    );
    expect(own).not.toBeNull();
    const certificate = own?.certificate ?? new X509Certificate('');
    expect(certificate.subject).toBe('CN=keyturn.x');
    expect(certificate.validFromDate).toEqual(now);
    expect(certificate.validToDate).toEqual(new Date('2051-01-01T00:00:00Z'));
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  it('cannot be the first, because Graph requires a proof by a known one', async () => {
    const { entra, tools, stop } = await world();
    const issuer = entraCertificateIssuer({ ...tools, randomBytes });
    const request = requestOf('entra-certificate');
    await expect(issuer.issue(request, issuer.propose(request))).rejects.toMatchObject({
      code: 'ISSUER_TARGET_REFUSED',
    });
    expect(entra.certificates).toHaveLength(0);
    await stop();
  });

  it('is refused without its key', () => {
    const one = newSelfSignedCertificate('one', now, later, randomBytes).reveal();
    const other = newSelfSignedCertificate('other', now, later, randomBytes).reveal();
    const mixed = `${one.slice(0, one.indexOf('-----BEGIN CERT'))}${other.slice(other.indexOf('-----BEGIN CERT'))}`;
    expect(readKeyWithCertificate(new SecretValue(mixed))).toBeNull();
    expect(readKeyWithCertificate(new SecretValue('nothing'))).toBeNull();
  });
});

function requestOf(issuer: string, change = target): IssueRequest {
  return {
    binding: bindingOf(issuer, change),
    rotationId: contractRotation,
    current: null,
    currentCredentialId: null,
    signal: AbortSignal.timeout(120_000),
    now,
  };
}
