import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../../embedded/clock.ts';
import { type EmbeddedGiteaOptions, startEmbeddedGitea } from '../../../embedded/gitea/start-embedded-gitea.ts';
import { type GiteaClient, giteaClient } from '../../../src/gitea/gitea-client.ts';
import { jsonProperties } from '../../../src/gitea/json-properties.ts';
import { giteaDeployKeyIssuer } from '../../../src/issuers/gitea/gitea-deploy-key-issuer.ts';
import { giteaTokenIssuer } from '../../../src/issuers/gitea/gitea-token-issuer.ts';
import { giteaUserPasswordIssuer } from '../../../src/issuers/gitea/gitea-user-password-issuer.ts';
import { giteaWebhookSecretIssuer } from '../../../src/issuers/gitea/gitea-webhook-secret-issuer.ts';
import { newOpensshKey, opensshPublicLine } from '../../../src/issuers/gitea/openssh-key.ts';
import type { CredentialIssuer } from '../../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { rotateByMachine } from '../../contracts/rotate-by-machine.ts';
import { bindingOf } from '../binding.ts';
import { requestOf } from '../issue-request.ts';

// What was measured on Gitea 1.26.3, each as its users met it.
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function start(options: Partial<EmbeddedGiteaOptions> = {}, secondFactor = false) {
  const gitea = await startEmbeddedGitea({ clock: createClock(), ...options });
  stops.push(() => gitea.stop());
  gitea.addUser({ name: 'bot', password: 'bot-password-4711', administrator: true });
  gitea.addUser({ name: 'deployer', password: 'deployer-password-1234', secondFactor });
  gitea.addRepository('acme/shop');
  gitea.addRepository('acme/blog');
  const token = new SecretValue(gitea.seedToken('bot', 'all', ['all']));
  // As the service signs in: a token, in a password's place where a token is not taken.
  const asToken = giteaClient({ url: gitea.url, authentication: { kind: 'token', value: token } });
  const asBasic = giteaClient({ url: gitea.url, authentication: { kind: 'basic', user: 'bot', password: token } });
  return { gitea, asToken, asBasic };
}

/** Everything that a client sends. */
function watched(client: GiteaClient): { readonly client: GiteaClient; readonly sent: string[] } {
  const sent: string[] = [];
  const request: GiteaClient['request'] = (method, path, options) => {
    sent.push(method);
    return client.request(method, path, options);
  };
  return { client: { ...client, request }, sent };
}

/** What a contract's world needs of an issuer to be rotated by the machine. */
function rotated(
  issuer: CredentialIssuer,
  binding: ReturnType<typeof bindingOf>,
  current: SecretValue | null,
  id: string | null,
) {
  const unused = () => {
    throw new Error('It is not asked here.');
  };
  const rest = {
    wrongTargets: [],
    opens: unused,
    calls: unused,
    loseNextAnswer: unused,
    foreign: unused,
    stop: unused,
  };
  const world = {
    ...rest,
    issuer,
    binding,
    current,
    currentCredentialId: id,
    oldEnds: 'at-revoke',
    traceable: true,
  } as const;
  return rotateByMachine(world as unknown as Parameters<typeof rotateByMachine>[0], 1);
}

const deployer = bindingOf('gitea-user-password', { user: 'deployer' });
const password = new SecretValue('deployer-password-1234');

describe('finding 6: gitea-user-password', () => {
  it.each([
    ['GITEA_BASIC_SWITCHED_OFF', 'Basic authentication is off', { basicAuthentication: false }, false, password],
    ['GITEA_PASSWORD_NOT_PROVEN', 'the user has a second factor', {}, true, password],
    [
      'GITEA_PASSWORD_NOT_PROVEN',
      "the vault's value is not the password",
      {},
      false,
      new SecretValue('not-the-password'),
    ],
  ])('changes nothing, and says %s, where %s', async (code, _, options, secondFactor, current) => {
    const { asToken } = await start(options, secondFactor);
    const { client, sent } = watched(asToken);
    const issuer = giteaUserPasswordIssuer({ gitea: client, randomBytes });
    const { turns } = await rotated(issuer, deployer, current, 'deployer');
    expect(turns).toMatchObject([{ state: 'needs-attention', failure: expect.stringContaining(code) as unknown }]);
    expect(turns[0]?.published.reveal()).toBe(current.reveal());
    expect(sent).not.toContain('PATCH');
  });

  it('tells a plan whether Gitea takes passwords at all', async () => {
    const on = await start();
    const signal = AbortSignal.timeout(120_000);
    const asked = giteaUserPasswordIssuer({ gitea: on.asToken, randomBytes });
    expect(await asked.list(deployer, signal)).toEqual([]);
    const off = await start({ basicAuthentication: false });
    const refusing = giteaUserPasswordIssuer({ gitea: off.asToken, randomBytes });
    await expect(refusing.list(deployer, signal)).rejects.toMatchObject({ code: 'GITEA_BASIC_SWITCHED_OFF' });
  });

  it('goes on after a crash that came after the password was set', async () => {
    const { asToken } = await start();
    const issuer = giteaUserPasswordIssuer({ gitea: asToken, randomBytes });
    const request = { ...requestOf(deployer), current: password };
    const proposed = issuer.propose(request);
    const first = await issuer.issue(request, proposed);
    // The value in force no longer signs in: the proposed one is asked first.
    expect(await issuer.issue(request, proposed)).toEqual(first);
  });

  it('is refused without a value in force, which could show that passwords are taken', async () => {
    const { asToken } = await start();
    const { client, sent } = watched(asToken);
    const issuer = giteaUserPasswordIssuer({ gitea: client, randomBytes });
    const request = { ...requestOf(deployer), current: null };
    await expect(issuer.issue(request, issuer.propose(request))).rejects.toMatchObject({
      code: 'ISSUER_TARGET_REFUSED',
      details: { place: 'value' },
    });
    expect(sent).not.toContain('PATCH');
  });
});

describe('finding 7: gitea-webhook-secret', () => {
  const ports = (gitea: GiteaClient) => ({ gitea, randomBytes, ownReceiver: null });
  const target = (events: readonly string[]) => ({ repository: 'acme/shop', url: 'http://127.0.0.1:9/hook', events });

  it.each([
    [['push']],
    [['pull_request']],
    [['pull_request_only']],
    [['issues']],
    [['pull_request', 'issues', 'package']],
    [['workflow_job', 'workflow_run', 'status', 'release']],
  ])('is rotated for a hook of %j', async (events) => {
    const { asToken } = await start();
    const binding = bindingOf('gitea-webhook-secret', target(events));
    const { turns } = await rotated(giteaWebhookSecretIssuer(ports(asToken)), binding, new SecretValue('old'), null);
    expect(turns).toMatchObject([{ state: 'done', failure: null }]);
  });

  it('refuses in the policy what Gitea would drop without a word', async () => {
    const { asToken } = await start();
    const issuer = giteaWebhookSecretIssuer(ports(asToken));
    expect(issuer.check(bindingOf('gitea-webhook-secret', target(['no_such_event', 'push'])))).toEqual([
      { place: 'target.events', reason: 'holds no_such_event, which Gitea does not know' },
    ]);
  });

  it('refuses a hook whose events were narrowed afterwards', async () => {
    const { asToken } = await start();
    const issuer = giteaWebhookSecretIssuer(ports(asToken));
    const request = requestOf(bindingOf('gitea-webhook-secret', target(['pull_request'])));
    const credential = await issuer.issue(request, issuer.propose(request));
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    const path = `/api/v1/repos/acme/shop/hooks/${credential.credentialId}`;
    await asToken.request('PATCH', path, { body: { active: true, events: ['pull_request_only'] } });
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'refused' });
  });
});

describe('finding 11: gitea-token', () => {
  const token = (scopes: readonly string[]) => bindingOf('gitea-token', { user: 'bot', scopes });
  const areas = [
    'activitypub',
    'admin',
    'issue',
    'misc',
    'notification',
    'organization',
    'package',
    'repository',
    'user',
  ];

  it.each([
    [
      ['read:repository', 'write:repository'],
      'must not hold read:repository beside write:repository, which includes it',
    ],
    [areas.map((area) => `write:${area}`), 'must be all instead of every write scope'],
    [['all', 'read:user'], 'must not hold read:user beside all'],
    [['public-only'], 'must hold a scope besides public-only'],
    [['read:nonsense'], 'must be a list of scopes such as read:repository without duplicates'],
  ])('refuses %j in the policy: %s', async (scopes, reason) => {
    const { asBasic } = await start();
    const { client, sent } = watched(asBasic);
    const issuer = giteaTokenIssuer({ gitea: client });
    expect(issuer.check(token(scopes))).toEqual([{ place: 'target.scopes', reason }]);
    await expect(issuer.issue(requestOf(token(scopes)), null)).rejects.toMatchObject({
      code: 'ISSUER_TARGET_REFUSED',
    });
    expect(sent).toEqual([]);
  });

  it.each([
    [['write:user', 'read:repository', 'read:issue']],
    [['all', 'public-only']],
    [['read:user', 'public-only']],
  ])('works with %j, in whatever order Gitea tells them', async (scopes) => {
    const { asBasic } = await start();
    const issuer = giteaTokenIssuer({ gitea: asBasic });
    const request = requestOf(token(scopes));
    expect(issuer.check(request.binding)).toEqual([]);
    expect(await issuer.verify(request, await issuer.issue(request, null))).toMatchObject({ outcome: 'works' });
  });
});

describe('finding 13: gitea-deploy-key', () => {
  it('that is gone already is told from one that was ended here, and the key of another repository is not touched', async () => {
    const { asToken } = await start();
    const issuer = giteaDeployKeyIssuer({ gitea: asToken, randomBytes });
    const request = requestOf(bindingOf('gitea-deploy-key', { repository: 'acme/shop', readOnly: true }));
    const { credentialId } = await issuer.issue(request, issuer.propose(request));
    expect(await issuer.revoke(request, credentialId)).toEqual({ outcome: 'revoked' });
    expect(await issuer.revoke(request, credentialId)).toEqual({ outcome: 'absent' });
    const key = `${String(opensshPublicLine(newOpensshKey('x', randomBytes)))} x`;
    const body = { title: 'of the blog', key, read_only: true };
    const made = await asToken.request('POST', '/api/v1/repos/acme/blog/keys', { body });
    const foreign = String(jsonProperties(made.body).get('id'));
    expect(await issuer.revoke(request, foreign)).toEqual({ outcome: 'absent' });
    expect((await asToken.request('GET', `/api/v1/repos/acme/blog/keys/${foreign}`)).status).toBe(200);
  });

  it("of another secret of Keyturn's is refused", async () => {
    const { asToken } = await start();
    const issuer = giteaDeployKeyIssuer({ gitea: asToken, randomBytes });
    const target = { repository: 'acme/shop', readOnly: true };
    const [one, other] = ['one', 'other'].map((name) => requestOf(bindingOf('gitea-deploy-key', target, name)));
    if (one === undefined || other === undefined) throw new Error('There are two.');
    const { credentialId } = await issuer.issue(other, issuer.propose(other));
    await expect(issuer.revoke(one, credentialId)).rejects.toMatchObject({ code: 'ISSUER_TARGET_REFUSED' });
  });
});
