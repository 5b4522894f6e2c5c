import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkWebhook } from '../../../src/issuers/webhook/check-webhook.ts';
import { classifyNetwork } from '../../../src/issuers/shared/classify-network.ts';
import { webhookSignature } from '../../../src/issuers/webhook/webhook-call.ts';
import { webhookIssuer } from '../../../src/issuers/webhook/webhook-issuer.ts';
import type { IssueRequest } from '../../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import { bindingOf } from '../binding.ts';
import { lossyProxy } from '../lossy-proxy.ts';
import { type EndpointFaults, webhookEndpoint } from '../webhook-endpoint.ts';

const key = `whsec_${randomBytes(24).toString('base64')}`;
const readSecret = () => Promise.resolve(new SecretValue(key));
const base = { network: 'loopback', target: 'orders', principal: 'svc-orders', signingKey: 'kv-test/hook-key' };

for (const name of ['webhook', 'webhook-minted'] as const) {
  credentialIssuerContract(name, async () => {
    const endpoint = await webhookEndpoint(key, 'orders');
    const proxy = await lossyProxy(endpoint.url, (url) => /create|apply|revoke/.test(url));
    const current = new SecretValue('first-value-of-orders-4711');
    endpoint.credentials.push({ credentialId: 'old', name: 'by hand', value: current.reveal() });
    endpoint.credentials.push({ credentialId: 'foreign', name: 'somebody', value: 'untouched' });
    const target = { ...base, url: `${proxy.url}/keyturn` };
    return {
      issuer: withRealTime(webhookIssuer({ name, readSecret, randomBytes })),
      binding: bindingOf(name, target),
      wrongTargets: [
        { ...target, url: 'http://rotate.example.com/keyturn', network: 'public' },
        { ...target, url: `${target.url}/` },
        { ...target, url: `${target.url}?x=1` },
        { ...target, url: target.url.replace('//', '//user@') },
        { ...target, url: target.url.replace('/keyturn', '/a/../keyturn') },
        { ...target, length: 10 },
        { ...target, network: 'any' },
        { ...target, signingKey: 'plain text' },
      ],
      current,
      currentCredentialId: 'old',
      opens: (value) => Promise.resolve(endpoint.credentials.some((one) => one.value === value.reveal())),
      calls: proxy.calls,
      loseNextAnswer: proxy.loseNextAnswer,
      oldEnds: 'at-revoke',
      traceable: true,
      foreign: () => Promise.resolve(endpoint.credentials.filter(({ credentialId }) => credentialId === 'foreign')),
      stop: async () => {
        await proxy.stop();
        await endpoint.stop();
      },
    };
  });
}

describe('a webhook', () => {
  it('signs by the Standard Webhooks specification', () => {
    // Key, content and signature of the specification's own example.
    const published = new SecretValue('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(webhookSignature(published, 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}')).toBe(
      'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('may answer 202, and receives the same request again', async () => {
    const endpoint = await webhookEndpoint(key, 'orders', { acceptsFirst: 2 });
    const issuer = webhookIssuer({ name: 'webhook', readSecret, randomBytes });
    const request = requestOf({ ...base, url: endpoint.url });
    const proposed = issuer.propose(request);
    for (let time = 0; time < 2; time += 1) {
      await expect(issuer.issue(request, proposed)).rejects.toMatchObject({ code: 'PROVIDER_ANSWER_UNCLEAR' });
    }
    const credential = await issuer.issue(request, proposed);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    expect(endpoint.credentials).toHaveLength(1);
    const keys = endpoint.seen.filter(({ verb }) => verb === 'apply').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(Array(3).fill(contractRotation));
    await endpoint.stop();
  });

  it('follows no redirect', async () => {
    const other = await webhookEndpoint(key, 'orders');
    const endpoint = await webhookEndpoint(key, 'orders', { redirectsTo: `${other.url}/apply` });
    const issuer = webhookIssuer({ name: 'webhook', readSecret, randomBytes });
    const request = requestOf({ ...base, url: endpoint.url });
    await expect(issuer.issue(request, new SecretValue('x'.repeat(40)))).rejects.toMatchObject({
      code: 'PROVIDER_REQUEST_REFUSED',
    });
    expect(other.seen).toHaveLength(0);
    await endpoint.stop();
    await other.stop();
  });

  it("sends nothing to a name that resolves to another network than the policy's", async () => {
    const endpoint = await webhookEndpoint(key, 'orders');
    const issuer = webhookIssuer({ name: 'webhook', readSecret, randomBytes });
    const https = endpoint.url.replace('http:', 'https:');
    for (const [url, network] of [
      [https, 'public'],
      [https.replace('127.0.0.1', 'localhost'), 'private'],
      ['https://169.254.169.254/keyturn', 'public'],
      ['https://169.254.169.254/keyturn', 'private'],
      ['https://[::ffff:a9fe:a9fe]/keyturn', 'public'],
    ] as const) {
      const request = requestOf({ ...base, url, network });
      await expect(issuer.issue(request, new SecretValue('x'.repeat(40))), url).rejects.toMatchObject({
        code: 'PROVIDER_REQUEST_REFUSED',
        details: { reason: `the name does not resolve only to the ${network} network` },
      });
    }
    expect(endpoint.seen).toHaveLength(0);
    await endpoint.stop();
  });

  it('is refused if the endpoint returns another principal', async () => {
    const endpoint = await webhookEndpoint(key, 'orders', { principal: 'svc-payments' });
    const issuer = webhookIssuer({ name: 'webhook', readSecret, randomBytes });
    const request = { ...requestOf({ ...base, url: endpoint.url }), now: new Date() };
    const credential = await issuer.issue(request, issuer.propose(request));
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'refused', authenticated: true });
    await endpoint.stop();
  });
});

describe('the check of an endpoint', () => {
  it.each(['webhook', 'webhook-minted'] as const)(
    'finds nothing wrong with one that keeps the contract of %s',
    async (issuer) => {
      expect((await checked(issuer, {})).filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    },
  );

  it.each<[string, EndpointFaults, string]>([
    ['does not check the signature', { ignoresSignature: true }, 'refuses a request that another key signed'],
    ['does not check the age', { ignoresAge: true }, 'refuses a request that is more than five minutes old'],
    ['makes a second credential', { ignoresIdempotency: true }, 'makes no second one for the same Idempotency-Key'],
    ['accepts any value', { acceptsAnything: true }, 'refuses another value, and lets nobody in'],
    ['never ends anything', { neverEnds: true }, 'lets the ended credential in no more'],
    ['does not know who it is', { principal: 'root' }, 'says that it works, and who it is'],
  ])('detects an endpoint that %s', async (_, faults, check) => {
    const failed = (await checked('webhook', faults)).filter(({ outcome }) => outcome === 'failed');
    expect(failed.map((one) => one.check)).toContain(check);
  });

  async function checked(issuer: 'webhook' | 'webhook-minted', faults: EndpointFaults) {
    const endpoint = await webhookEndpoint(key, 'orders', faults);
    const results: { check: string; outcome: string; found: string }[] = [];
    const run = checkWebhook({
      endpoint: { base: endpoint.url, network: 'loopback', signingKey: new SecretValue(key) },
      target: 'orders',
      principal: 'svc-orders',
      issuer,
      proposed: new SecretValue('a-value-of-the-check-that-is-long-enough'),
      runId: 'checkcheckcheckc',
      now: () => new Date(),
    });
    for await (const result of run) results.push(result);
    await endpoint.stop();
    return results;
  }
});

describe('an address', () => {
  it.each([
    ['93.184.216.34', 'public'],
    ['2606:2800:220:1::1', 'public'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'public'],
    ['100.64.0.1', 'private'],
    ['fd12:3456::1', 'private'],
    ['127.8.8.8', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.169.254', null],
    ['168.63.129.16', null],
    ['fe80::1', null],
    ['fd00:ec2::254', null],
    ['::ffff:127.0.0.1', null],
    ['64:ff9b::a9fe:a9fe', null],
    ['0.0.0.0', null],
    ['224.0.0.1', null],
    ['not an address', null],
  ])('%s is %s', (address, network) => {
    expect(classifyNetwork(address)).toBe(network);
  });
});

/** The endpoint compares the signature's time with its own clock, so requests use the current time. */
function withRealTime(issuer: ReturnType<typeof webhookIssuer>): ReturnType<typeof webhookIssuer> {
  const timely = (request: IssueRequest) => ({ ...request, now: new Date() });
  return {
    ...issuer,
    issue: (request, proposed) => issuer.issue(timely(request), proposed),
    verify: (request, credential) => issuer.verify(timely(request), credential),
    describe: (request) => issuer.describe(timely(request)),
    revoke: (request, credentialId) => issuer.revoke(timely(request), credentialId),
  };
}

function requestOf(target: Parameters<typeof bindingOf>[1]): IssueRequest {
  return {
    binding: bindingOf('webhook', target),
    rotationId: contractRotation,
    current: null,
    currentCredentialId: null,
    signal: AbortSignal.timeout(120_000),
    now: new Date(),
  };
}
