import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { jsonProperties } from '../../../src/gitea/json-properties.ts';
import { giteaDeployKeyIssuer } from '../../../src/issuers/gitea/gitea-deploy-key-issuer.ts';
import { giteaWebhookSecretIssuer } from '../../../src/issuers/gitea/gitea-webhook-secret-issuer.ts';
import { type RecentDeliveries, recentDeliveries } from '../../../src/issuers/shared/hook-deliveries.ts';
import { newOpensshKey, opensshPublicLine } from '../../../src/issuers/gitea/openssh-key.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import { bindingOf } from '../binding.ts';
import { requestFor } from '../issue-request.ts';
import { giteaWorld } from '../gitea-world.ts';

const keysPath = '/api/v1/repos/acme/shop/keys';
const hooksPath = '/api/v1/repos/acme/shop/hooks';

credentialIssuerContract('gitea-deploy-key', async () => {
  const world = await giteaWorld();
  const add = async (title: string, key: SecretValue) => {
    const body = { title, key: `${String(opensshPublicLine(key))} ${title}`, read_only: true };
    return jsonProperties((await world.direct.request('POST', keysPath, { body })).body).get('id');
  };
  const current = newOpensshKey('old', randomBytes);
  const currentCredentialId = String(await add('the first one', current));
  await add('made by hand', newOpensshKey('foreign', randomBytes));
  const keys = async () => ((await world.direct.request('GET', keysPath)).body as unknown[]).map(jsonProperties);
  const target = { repository: 'acme/shop', readOnly: true };
  return {
    issuer: giteaDeployKeyIssuer({ gitea: world.client, randomBytes }),
    binding: bindingOf('gitea-deploy-key', target),
    wrongTargets: [{}, { repository: 'shop' }, { repository: '../../admin' }, { ...target, readOnly: 'yes' }],
    current,
    currentCredentialId,
    opens: async (value) => {
      const line = opensshPublicLine(value);
      return (await keys()).some(
        (key) => String(key.get('key')).startsWith(`${String(line)} `) || key.get('key') === line,
      );
    },
    calls: world.proxy.calls,
    loseNextAnswer: world.proxy.loseNextAnswer,
    oldEnds: 'at-revoke',
    traceable: true,
    foreign: async () => (await keys()).filter((key) => key.get('title') === 'made by hand'),
    stop: world.stop,
  };
});

const hookTarget = { repository: 'acme/shop', url: 'http://127.0.0.1:9/hook', events: ['push', 'workflow_job'] };

credentialIssuerContract('gitea-webhook-secret, seen by its own receiver', async () => {
  const world = await giteaWorld();
  const receiver = await startReceiver();
  const target = { ...hookTarget, url: receiver.url, receiver: 'keyturn' };
  const hook = async (url: string, secret: string) => {
    const body = { type: 'gitea', active: true, events: target.events, config: { url, content_type: 'json', secret } };
    return jsonProperties((await world.direct.request('POST', hooksPath, { body })).body).get('id');
  };
  const current = new SecretValue('the-secret-of-the-old-hook');
  const currentCredentialId = String(await hook(target.url, current.reveal()));
  await hook('http://127.0.0.1:9/foreign', 'foreign');
  return {
    issuer: giteaWebhookSecretIssuer({
      gitea: world.client,
      randomBytes,
      ownReceiver: { deliveries: receiver.deliveries, addresses: [receiver.url] },
    }),
    binding: bindingOf('gitea-webhook-secret', target),
    wrongTargets: [
      { ...target, url: 'ftp://x' },
      { ...target, url: `${target.url}?a=b` },
      { ...target, organisation: 'acme' },
      { url: target.url, events: target.events },
      { ...target, events: [] },
    ],
    current,
    currentCredentialId,
    // A secret works if a delivery signed with it arrives.
    opens: async (value) => {
      forgetDeliveries(receiver.deliveries);
      for (const { id } of await hooksOf(world)) {
        await world.direct.request('POST', `${hooksPath}/${String(id)}/tests`, {});
      }
      await world.settled();
      return await receiver.deliveries.seen({ secret: value, signal: null });
    },
    calls: world.proxy.calls,
    loseNextAnswer: world.proxy.loseNextAnswer,
    oldEnds: 'at-revoke',
    traceable: true,
    foreign: async () => (await hooksOf(world)).filter(({ url }) => url.endsWith('foreign')),
    stop: async () => {
      await world.stop();
      receiver.stop();
    },
  };
});

describe('a webhook without observable deliveries', () => {
  it('counts as working if Gitea lists it like the target, with a note of what was not observed', async () => {
    const world = await giteaWorld();
    const issuer = giteaWebhookSecretIssuer({ gitea: world.client, randomBytes, ownReceiver: null });
    const request = requestFor('gitea-webhook-secret', hookTarget);
    const credential = await issuer.issue(request, issuer.propose(request));
    expect(await issuer.verify(request, credential)).toMatchObject({
      outcome: 'works',
      notes: [world.proxy.url, 'events push workflow_job', 'no delivery could be seen'],
    });
    await world.stop();
  });

  it('waits for the next event if Gitea sends no test', async () => {
    const world = await giteaWorld();
    const deliveries = recentDeliveries({ patienceMs: 20 });
    const ownReceiver = { deliveries, addresses: [hookTarget.url] };
    const issuer = giteaWebhookSecretIssuer({ gitea: world.client, randomBytes, ownReceiver });
    const request = requestFor('gitea-webhook-secret', {
      ...hookTarget,
      receiver: 'keyturn',
      events: ['workflow_job'],
    });
    const credential = await issuer.issue(request, issuer.propose(request));
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'not-yet' });
    const bytes = Buffer.from('{"action":"queued"}');
    const signature = createHmac('sha256', credential.value.reveal()).update(bytes).digest('hex');
    deliveries.remember({ bytes, signature });
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    await world.stop();
  });

  it('is refused in the policy if Keyturn is not the receiver, so that nothing waits forever', async () => {
    const world = await giteaWorld();
    const deliveries = recentDeliveries();
    const issuer = giteaWebhookSecretIssuer({
      gitea: world.client,
      randomBytes,
      ownReceiver: { deliveries, addresses: ['https://keyturn.example.org/events/gitea'] },
    });
    const ours = { ...hookTarget, receiver: 'keyturn', url: 'https://keyturn.example.org/events/gitea' };
    const faults = (url: string) =>
      issuer.check(bindingOf('gitea-webhook-secret', { ...ours, url })).map(({ place }) => place);
    expect(faults(ours.url)).toEqual([]);
    expect(faults('https://keyturn.example.org.evil.example/events/gitea')).toEqual(['target.receiver']);
    expect(faults('https://keyturn.example.org/events/gitea/')).toEqual(['target.receiver']);
    const nowhere = giteaWebhookSecretIssuer({ gitea: world.client, randomBytes, ownReceiver: null });
    expect(nowhere.check(bindingOf('gitea-webhook-secret', ours))).toMatchObject([
      { reason: expect.stringContaining('KEYTURN_GITEA_WEBHOOK_SECRET') as string },
    ]);
    await world.stop();
  });

  it('is refused if somebody changed its address', async () => {
    const world = await giteaWorld();
    const issuer = giteaWebhookSecretIssuer({ gitea: world.client, randomBytes, ownReceiver: null });
    const request = requestFor('gitea-webhook-secret', hookTarget);
    const credential = await issuer.issue(request, issuer.propose(request));
    const body = { config: { url: 'http://127.0.0.1:9/elsewhere' }, events: hookTarget.events, active: true };
    await world.direct.request('PATCH', `${hooksPath}/${credential.credentialId}`, { body });
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'refused', authenticated: true });
    await world.stop();
  });
});

describe('the deliveries kept for a new hook', () => {
  it('are bounded in number and size, and need a signature', async () => {
    const deliveries = recentDeliveries();
    const secret = new SecretValue('s');
    const bytes = Buffer.from('first');
    const signature = createHmac('sha256', 's').update(bytes).digest('hex');
    deliveries.remember({ bytes, signature });
    expect(await deliveries.seen({ secret, signal: null })).toBe(true);
    forgetDeliveries(deliveries);
    expect(await deliveries.seen({ secret, signal: null })).toBe(false);
    const big = Buffer.alloc(300_000);
    deliveries.remember({ bytes: big, signature: createHmac('sha256', 's').update(big).digest('hex') });
    deliveries.remember({ bytes, signature: '' });
    expect(await deliveries.seen({ secret, signal: null })).toBe(false);
  });
});

async function hooksOf(world: Awaited<ReturnType<typeof giteaWorld>>): Promise<{ id: unknown; url: string }[]> {
  const { body } = await world.direct.request('GET', hooksPath);
  return (body as unknown[]).map((hook) => ({
    id: jsonProperties(hook).get('id'),
    url: String(jsonProperties(jsonProperties(hook).get('config')).get('url')),
  }));
}

/** Evicts everything with irrelevant deliveries. */
function forgetDeliveries(deliveries: RecentDeliveries): void {
  for (let number = 0; number < 16; number += 1)
    deliveries.remember({ bytes: Buffer.from('x'), signature: 'a'.repeat(64) });
}

/** Keyturn's receiver for unknown signatures. */
async function startReceiver() {
  const deliveries = recentDeliveries();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      deliveries.remember({ bytes: Buffer.concat(chunks), signature: String(request.headers['x-gitea-signature']) });
      response.writeHead(401).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/events/gitea`;
  return {
    url,
    deliveries,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
