import { azureClouds } from '../../../src/secrets/azure-cloud.ts';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseArmResource } from '../../../src/issuers/azure/arm-resource.ts';
import { azureKeysIssuer } from '../../../src/issuers/azure/azure-keys-issuer.ts';
import { twoKeyServices } from '../../../src/issuers/azure/two-key-services.ts';
import type { IssueRequest } from '../../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import { bindingOf } from '../binding.ts';
import { fakeArm, serviceWords } from '../fake-arm.ts';
import { lossyProxy } from '../lossy-proxy.ts';

const token = 'arm-access-token-4711';
const tokens = {
  getToken: (scope: string) => Promise.resolve(scope.endsWith('/.default') ? { token } : null),
};

/** The name of the first key in a renewal, by service. */
const firstSlots = {
  storage: 'key1',
  cosmos: 'primary',
  serviceBus: 'PrimaryKey',
  redis: 'Primary',
  cognitive: 'Key1',
  search: 'primary',
  configuration: '439AD01B4BE67DB1',
  registry: 'password',
  serviceBusQueue: 'PrimaryKey',
  serviceBusTopic: 'PrimaryKey',
  eventHub: 'PrimaryKey',
  eventHubNamespace: 'PrimaryKey',
  notificationHub: 'PrimaryKey',
  notificationNamespace: 'PrimaryKey',
  relay: 'PrimaryKey',
  relayHybridConnection: 'PrimaryKey',
  relayWcf: 'PrimaryKey',
  signalR: 'Primary',
  webPubSub: 'Primary',
  maps: 'primary',
  batch: 'Primary',
  communication: 'Primary',
  eventGrid: 'key1',
  eventGridDomain: 'key1',
  eventGridNamespace: 'key1',
  redisEnterprise: 'Primary',
  fluidRelay: 'key1',
  dataFactory: 'authKey1',
  synapse: 'authKey1',
  apiManagement: 'Primary',
} satisfies Record<keyof typeof serviceWords, string>;

for (const [service, words] of Object.entries(serviceWords)) {
  credentialIssuerContract(`azure-keys of ${service}`, async () => {
    const arm = await fakeArm(words, token);
    const proxy = await lossyProxy(arm.url, (url) => /regenerate/.test(url));
    const target = { resource: words.resource };
    return {
      issuer: azureKeysIssuer({ tokens, endpoint: proxy.url, cloud: azureClouds.public }),
      binding: bindingOf('azure-keys', target),
      wrongTargets: [
        {},
        { resource: '/subscriptions/x' },
        { resource: words.resource.replace('/providers/', '/providers/../providers/') },
        { resource: `${words.resource}?api-version=1` },
        { resource: words.resource.replace(/Microsoft\.\w+/, 'Microsoft.Unknown') },
        { ...target, form: 'xml' },
      ],
      current: new SecretValue(arm.keys().one),
      currentCredentialId: firstSlots[service as keyof typeof serviceWords],
      opens: (value) => Promise.resolve(Object.values(arm.keys()).includes(value.reveal())),
      calls: proxy.calls,
      loseNextAnswer: proxy.loseNextAnswer,
      oldEnds: 'at-revoke',
      traceable: false,
      foreign: () => Promise.resolve(null),
      stop: async () => {
        await proxy.stop();
        await arm.stop();
      },
    };
  });
}

describe('the two keys of an Azure resource', () => {
  it('are distinguished by value: the one in force is never renewed, whatever a tag says', async () => {
    const { arm, issuer, request, stop } = await storage();
    const before = arm.keys();
    const second = request({ current: new SecretValue(before.two), currentCredentialId: 'key1' });
    expect(await issuer.issue(second, null)).toMatchObject({ credentialId: 'key1' });
    expect(arm.keys().two).toBe(before.two);
    await expect(issuer.revoke(second, 'key2')).rejects.toMatchObject({ code: 'PROVIDER_STATE_REFUSED' });
    expect(arm.keys().two).toBe(before.two);
    await stop();
  });

  it('are left alone if somebody renewed the one in force by hand', async () => {
    const { arm, issuer, request, stop } = await storage();
    const stale = request({ current: new SecretValue('c29tZXRoaW5nIG9sZA==') });
    await expect(issuer.issue(stale, null)).rejects.toMatchObject({ code: 'PROVIDER_STATE_REFUSED' });
    expect(arm.renewals()).toBe(0);
    await stop();
  });

  it('are renewed once if the renewal’s answer was lost and the service states its time', async () => {
    const { arm, issuer, request, stop } = await storage();
    const first = await issuer.issue(request(), null);
    const again = await issuer.issue(request(), null);
    expect(again.value.equals(first.value)).toBe(true);
    expect(arm.renewals()).toBe(1);
    await stop();
  });

  it("are published and compared as the target's connection string", async () => {
    const { arm, issuer, request, stop } = await storage('connection-string');
    const inForce = new SecretValue(
      `AccountName=shopfiles;AccountKey=${arm.keys().one};DefaultEndpointsProtocol=https`,
    );
    const asked = request({ current: inForce });
    const credential = await issuer.issue(asked, null);
    const published = issuer.formFor?.(asked.binding, credential);
    expect(published?.reveal()).toBe(
      `DefaultEndpointsProtocol=https;AccountName=shopfiles;AccountKey=${arm.keys().two};EndpointSuffix=core.windows.net`,
    );
    const verified = await issuer.verify(asked, { ...credential, value: published ?? credential.value });
    expect(verified).toMatchObject({ outcome: 'works' });
    await stop();
  });

  it.each([
    ['BlobEndpoint', 'BlobEndpoint=https://files.example.com/'],
    ['EndpointSuffix', 'EndpointSuffix=core.chinacloudapi.cn'],
  ])('are not renewed if readers would lose a part of their connection string: %s', async (name, part) => {
    const { arm, issuer, request, stop } = await storage('connection-string');
    const { one } = arm.keys();
    const current = new SecretValue(`DefaultEndpointsProtocol=https;AccountName=shopfiles;AccountKey=${one};${part}`);
    const failure: unknown = await issuer.issue(request({ current }), null).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ISSUER_TARGET_REFUSED', details: { place: 'target.form' } });
    expect(JSON.stringify(failure)).toContain(`would not have: ${name}`);
    expect(inspect(failure, { depth: 9 })).not.toContain(one);
    expect(arm.renewals()).toBe(0);
    await stop();
  });

  it('return the value again after a crash', async () => {
    const { arm, issuer, request, stop } = await storage();
    await issuer.issue(request(), null);
    const found = await issuer.describe(request());
    expect(found.outcome === 'present' && found.value?.reveal()).toBe(arm.keys().two);
    await stop();
  });

  it("report which of Azure's two actions was refused, without its text", async () => {
    const { arm, stop } = await storage();
    const nobody = azureKeysIssuer({
      endpoint: arm.url,
      cloud: azureClouds.public,
      tokens: { getToken: () => Promise.resolve({ token: 'x' }) },
    });
    const request = requestOf({ resource: serviceWords.storage.resource }, arm.keys().one);
    const failure: unknown = await nobody.issue(request, null).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'PROVIDER_ACCESS_DENIED',
      details: { reason: 'status 401 InvalidAuthenticationToken' },
    });
    expect(String(failure)).not.toContain(arm.keys().one);
    await stop();
  });

  async function storage(form: 'key' | 'connection-string' = 'key') {
    const arm = await fakeArm(serviceWords.storage, token);
    const target = { resource: serviceWords.storage.resource, form };
    return {
      arm,
      stop: arm.stop,
      issuer: azureKeysIssuer({ tokens, endpoint: arm.url, cloud: azureClouds.public }),
      request: (change: Partial<IssueRequest> = {}) => ({ ...requestOf(target, arm.keys().one), ...change }),
    };
  }
});

describe('the table of services', () => {
  it('has one row per type, each with its source', () => {
    expect(new Set(twoKeyServices.map(({ type }) => type)).size).toBe(twoKeyServices.length);
    for (const { source, apiVersion } of twoKeyServices) {
      expect(source).toMatch(/^https:\/\/(?:learn\.microsoft\.com|github\.com\/Azure)\//);
      expect(apiVersion).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
  });

  it('is held row by row by the contract, on a resource of the row’s own type', () => {
    const tested = Object.values(serviceWords).map(({ resource }) => parseArmResource(resource)?.type);
    expect(tested).toHaveLength(twoKeyServices.length);
    expect(new Set(tested)).toEqual(new Set(twoKeyServices.map(({ type }) => type)));
  });

  it.each(['serviceBus', 'serviceBusQueue', 'eventHub', 'eventHubNamespace', 'relay'] as const)(
    'builds the same connection strings as the service itself: %s',
    (service) => {
      const words = serviceWords[service];
      const resource = parseArmResource(words.resource);
      const row = twoKeyServices.find(({ type }) => type === resource?.type);
      const given = words.answer({ one: 'k1', two: 'k2' }).primaryConnectionString;
      expect(
        resource === null ? '' : row?.connectionString(resource, { slot: 'PrimaryKey', key: 'k1' }, azureClouds.public),
      ).toBe(given);
    },
  );
});

describe('connection strings', () => {
  it.each(['us-government', 'china'] as const)('name no domain of the public cloud in %s', (name) => {
    const resource = parseArmResource(serviceWords.storage.resource);
    if (resource === null) throw new Error('no resource');
    for (const service of twoKeyServices) {
      const text = service.connectionString(resource, { slot: 'key1', key: 'k1' }, azureClouds[name]);
      expect(text).not.toMatch(/windows\.net|azure\.com|azconfig\.io|azure\.net/);
    }
  });
});

describe('a resource id', () => {
  const right = serviceWords.storage.resource;
  it('is parsed segment by segment, ignoring case', () => {
    expect(parseArmResource(right)).toMatchObject({ type: 'microsoft.storage/storageaccounts', names: ['shopfiles'] });
    expect(parseArmResource(right.toLowerCase())?.type).toBe('microsoft.storage/storageaccounts');
  });

  it.each([
    right.slice(1),
    `${right}/`,
    `${right}/x`,
    right.replace('shopfiles', '..'),
    right.replace('shopfiles', 'a/b'),
    right.replace('shopfiles', 'a%2Fb'),
    right.replace('subscriptions', 'subscription'),
    right.replace(/[0-9a-f]{8}-/, ''),
    '',
  ])('is refused as %s', (id) => {
    expect(parseArmResource(id)).toBeNull();
  });
});

function requestOf(target: { resource: string; form?: string }, current: string): IssueRequest {
  return {
    binding: bindingOf('azure-keys', target),
    rotationId: contractRotation,
    current: new SecretValue(current),
    currentCredentialId: null,
    signal: AbortSignal.timeout(120_000),
    now: new Date('2026-03-01T00:00:00Z'),
  };
}
