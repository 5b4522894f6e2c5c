import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { signInByAmqp } from '../../src/issuers/rabbitmq/amqp-sign-in.ts';
import { rabbitmqIssuer } from '../../src/issuers/rabbitmq/rabbitmq-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { credentialIssuerContract } from '../contracts/credential-issuer.contract.ts';
import type { IssuerWorld } from '../contracts/issuer-world.ts';
import { bindingOf } from '../issuers/binding.ts';
import { type LossyProxy, lossyProxy } from '../issuers/lossy-proxy.ts';
import { skipUnless } from '../skip-unless.ts';
import { openAmqpConnection } from './amqp-client.ts';
import { type LossyTunnel, lossyTunnel } from './lossy-tunnel.ts';
import { expectNoInterruption, requestOf } from './rotate-in-turn.ts';
import { certificateFor, type ServerCertificate } from './server-certificate.ts';
import { rabbitmqProgram, type RabbitmqServer, startRabbitmq } from './start-rabbitmq.ts';

const unlessAbsent = skipUnless(
  rabbitmqProgram !== null,
  'RabbitMQ is not installed (scripts/install-test-servers.sh)',
);

describe('RabbitMQ', unlessAbsent, () => {
  let server: RabbitmqServer;
  let tunnel: LossyTunnel;
  let proxy: LossyProxy;
  beforeAll(async () => {
    server = await startRabbitmq();
    tunnel = await lossyTunnel(server.port);
    proxy = await lossyProxy(server.management);
    await manage('PUT', 'users/keyturn', { password: 'administrator-4711', tags: 'administrator' });
    await manage('PUT', 'users/somebody', { password: 'untouched', tags: '' });
    await manage('PUT', 'vhosts/shop', {});
    await manage('PUT', 'vhosts/locked', {});
  });
  afterAll(async () => {
    await proxy.stop();
    await tunnel.stop();
    await server.stop();
  });

  credentialIssuerContract('rabbitmq', () => newWorld());

  it('keeps a client working through twelve complete rotations', async () => {
    await expectNoInterruption(await newWorld(), async (url) => {
      if (!(await opens(url))) throw new Error('The broker refused the login.');
    });
  });

  it.each([
    [
      'permission',
      () => manage('PUT', 'permissions/shop/app_a', { configure: '.*', write: '.*', read: '.*' }),
      'configure .* in shop',
    ],
    [
      'tag',
      () => manage('PUT', 'users/app_a', { password: 'first-password', tags: 'monitoring' }),
      'the tag monitoring',
    ],
    [
      'topic permission',
      () => manage('PUT', 'topic-permissions/shop/app_a', { exchange: 'amq.topic', write: '^a', read: '^b' }),
      'write of topics ^a at amq.topic in shop',
    ],
  ])('refuses users of whom one has a further %s', async (_, change, words) => {
    const world = await newWorld();
    const request = requestOf(world);
    await change();
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    const verification = await world.issuer.verify(request, credential);
    expect(verification).toMatchObject({ outcome: 'refused', authenticated: true });
    expect(verification.outcome === 'refused' && verification.reason).toContain(`app_a alone has ${words}`);
  });

  it('keeps the tags of the user whose password it sets', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    await manage('PUT', 'users/app_b', { password: 'x', tags: 'monitoring,management' });
    await world.issuer.issue(request, world.issuer.propose(request));
    expect(await manage('GET', 'users/app_b')).toMatchObject({ tags: ['monitoring', 'management'] });
  });

  it('does not call a login dead that may only not enter the virtual host', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    await manage('DELETE', 'permissions/shop/app_b');
    expect(await world.issuer.verify(request, credential)).toEqual({
      outcome: 'refused',
      authenticated: true,
      reason: 'the server refuses app_b: AMQP_530',
    });
  });

  it('tells how many connections of an ended login live on, and ends them in an emergency', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    const old = await openAmqpConnection(server.port, 'app_a', 'first-password', 'shop');
    const ended = new Promise((resolve) => old.once('close', resolve));
    // The management API learns of a connection a moment later.
    await vi.waitFor(async () => expect(await manage('GET', 'connections')).toMatchObject([{ user: 'app_a' }]), 20_000);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    const after = { ...request, current: credential.value };
    expect(await world.issuer.revoke(after, 'app_a')).toEqual({ outcome: 'revoked', sessions: { ended: 0, open: 1 } });
    expect(await world.issuer.revoke({ ...after, emergency: true }, 'app_a')).toEqual({
      outcome: 'revoked',
      sessions: { ended: 1, open: 0 },
    });
    await ended;
  });

  it('reports a server that does not speak AMQP as unreachable', async () => {
    const login = {
      scheme: 'amqp',
      host: '127.0.0.1',
      database: 'shop',
      user: 'app_a',
      password: new SecretValue('x'),
    };
    const port = Number(new URL(server.management).port);
    const session = { login: { ...login, port }, tls: 'off' as const, signal: AbortSignal.timeout(15_000) };
    await expect(signInByAmqp('rabbitmq', session)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
  });

  async function newWorld(): Promise<IssuerWorld> {
    for (const name of ['app_a', 'app_b']) {
      await manage('DELETE', `users/${name}`);
      await manage('PUT', `users/${name}`, { password: name === 'app_a' ? 'first-password' : 'never-used', tags: '' });
      await manage('PUT', `permissions/shop/${name}`, { configure: '^app', write: '.*', read: '.*' });
    }
    const url = (user: string, password: string) =>
      new SecretValue(`amqp://${user}:${password}@127.0.0.1:${String(tunnel.port)}/shop`);
    const place = { host: '127.0.0.1', port: tunnel.port, database: 'shop', tls: 'off' };
    const target = { ...place, management: proxy.url, administrator: 'kv-test/mq-admin', users: ['app_a', 'app_b'] };
    const before = tunnel.calls() + proxy.calls();
    return {
      issuer: rabbitmqIssuer({
        readSecret: () => Promise.resolve(url('keyturn', 'administrator-4711')),
        randomBytes,
      }),
      binding: bindingOf('rabbitmq', target),
      wrongTargets: [
        { ...target, users: ['app_a'] },
        { ...target, management: 'http://mq.example.com:15672' },
        { ...target, management: `${proxy.url}/../` },
        { ...target, host: 'mq.example.com' },
        place,
      ],
      current: url('app_a', 'first-password'),
      currentCredentialId: 'app_a',
      opens: (value) => opens(value.reveal()),
      calls: () => tunnel.calls() + proxy.calls() - before,
      loseNextAnswer: proxy.loseNextAnswer,
      oldEnds: 'at-revoke',
      traceable: false,
      foreign: () => manage('GET', 'users/somebody'),
      stop: () => Promise.resolve(),
    };
  }

  /** RabbitMQ's own check of a login, past the issuer: it answers by its reason whether the password is right. */
  async function opens(url: string): Promise<boolean> {
    const { username, password } = new URL(url);
    const answer = await fetch(`${server.management}/api/whoami`, {
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
    });
    return !(await answer.text()).includes('Login failed');
  }

  async function manage(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${server.management}/api/${path}`, {
      method,
      headers: { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return text === '' ? null : (JSON.parse(text) as unknown);
  }
});

describe('RabbitMQ over TLS with a private authority', unlessAbsent, () => {
  let server: RabbitmqServer;
  let certificate: ServerCertificate;
  beforeAll(async () => {
    certificate = await certificateFor('localhost');
    server = await startRabbitmq(certificate);
  });
  afterAll(async () => {
    await server.stop();
  });

  it('signs in, and asks the management API, only with that authority', async () => {
    const value = new SecretValue(`amqps://guest:guest@localhost:${String(server.port)}/%2F`);
    const issuer = rabbitmqIssuer({
      readSecret: () => Promise.resolve(value),
      randomBytes,
    });
    const place = { host: 'localhost', port: server.port, database: '/', management: server.management };
    const target = { ...place, administrator: 'kv-test/mq-admin', users: ['guest', 'other'] };
    const verifyWith = (authority: string) => {
      const request = { ...requestOfTarget({ ...target, authority }), current: value };
      return issuer.verify(request, { credentialId: 'guest', value });
    };
    // The other user does not exist, which only the management API tells.
    await expect(verifyWith(certificate.cert)).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
      details: { reason: 'user other does not exist' },
    });
    const { cert } = await certificateFor('other.example.com');
    await expect(verifyWith(cert)).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    expect(issuer.propose({ ...requestOfTarget(target), current: value })?.reveal()).toMatch(
      /^amqps:\/\/other:\w{40}@localhost/,
    );
  });

  function requestOfTarget(target: Parameters<typeof bindingOf>[1]) {
    const signal = AbortSignal.timeout(30_000);
    const now = new Date('2026-03-01T00:00:00Z');
    const binding = bindingOf('rabbitmq', target);
    return { binding, current: null, currentCredentialId: null, rotationId: 'abcdefghij234567.1', signal, now };
  }
});
