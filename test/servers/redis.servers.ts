import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisAclIssuer } from '../../src/issuers/databases/redis-acl-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { credentialIssuerContract } from '../contracts/credential-issuer.contract.ts';
import type { IssuerWorld } from '../contracts/issuer-world.ts';
import { bindingOf } from '../issuers/binding.ts';
import { skipUnless } from '../skip-unless.ts';
import type { LocalServer } from './local-server.ts';
import { type LossyTunnel, lossyTunnel } from './lossy-tunnel.ts';
import { expectNoInterruption, requestOf } from './rotate-in-turn.ts';
import { redisServer, startRedis } from './start-redis.ts';

const unlessAbsent = skipUnless(redisServer !== null, 'Redis is not installed (scripts/install-test-servers.sh)');
const administratorPassword = 'administrator-4711-password';
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

describe('Redis', unlessAbsent, () => {
  let server: LocalServer;
  let tunnel: LossyTunnel;
  beforeAll(async () => {
    server = await startRedis([
      `user keyturn on #${hash(administratorPassword)} -@all +acl +ping +info`,
      `user root on #${hash('root-of-the-test')} ~* &* +@all`,
      `user somebody on #${hash('untouched')} ~* +get`,
      `user app on #${hash('first-password')} ~* +get +set`,
    ]);
    tunnel = await lossyTunnel(server.port);
  });
  afterAll(async () => {
    await tunnel.stop();
    await server.stop();
  });

  credentialIssuerContract('redis-acl', () => newWorld());

  it('keeps a client working through twelve complete rotations', async () => {
    await expectNoInterruption(await newWorld(), signIn);
  });

  it('removes passwords permanently, so that a restart does not restore them', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    expect(readFileSync(join(server.directory, 'users.acl'), 'utf8')).toContain(hash('first-password'));
    await world.issuer.revoke({ ...request, current: credential.value }, 'app');
    const users = readFileSync(join(server.directory, 'users.acl'), 'utf8');
    expect(users).not.toContain(hash('first-password'));
    expect(users).toContain(hash(new URL(credential.value.reveal()).password));
  });

  it('stops if another party has set passwords for the user', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    await asRoot('SETUSER', 'app', `#${hash('another')}`, `#${hash('yet another')}`);
    const state = { code: 'PROVIDER_STATE_REFUSED' };
    await expect(world.issuer.issue(request, world.issuer.propose(request))).rejects.toMatchObject(state);
    await expect(world.issuer.revoke(request, 'app')).rejects.toMatchObject(state);
    expect(await world.opens?.(world.current ?? new SecretValue(''))).toBe(true);
  });

  async function newWorld(): Promise<IssuerWorld> {
    await asRoot('SETUSER', 'app', 'resetpass', `#${hash('first-password')}`);
    const url = (user: string, password: string) => `redis://${user}:${password}@127.0.0.1:${String(tunnel.port)}/0`;
    const place = {
      host: '127.0.0.1',
      port: tunnel.port,
      database: 0,
      tls: 'off',
      administrator: 'kv-test/redis-admin',
    };
    const target = { ...place, user: 'app' };
    const administrator = new SecretValue(url('keyturn', administratorPassword));
    const before = tunnel.calls();
    return {
      issuer: redisAclIssuer({ readSecret: () => Promise.resolve(administrator), randomBytes }),
      binding: bindingOf('redis-acl', target),
      wrongTargets: [
        { ...target, user: 'default' },
        { ...target, database: 99 },
        { ...target, host: 'redis.example.com' },
        place,
      ],
      current: new SecretValue(url('app', 'first-password')),
      currentCredentialId: 'app',
      opens: (value) =>
        signIn(value.reveal()).then(
          () => true,
          () => false,
        ),
      calls: () => tunnel.calls() - before,
      loseNextAnswer: () => tunnel.loseAnswerTo('SETUSER'),
      oldEnds: 'at-revoke',
      traceable: false,
      foreign: () => asRoot('GETUSER', 'somebody'),
      stop: () => Promise.resolve(),
    };
  }

  async function signIn(url: string): Promise<void> {
    const parts = new URL(url);
    await connected({ username: parts.username, password: parts.password }, (redis) => redis.get('x'));
  }

  async function asRoot(...words: string[]): Promise<unknown> {
    return await connected({ username: 'root', password: 'root-of-the-test' }, (redis) => redis.call('ACL', ...words));
  }

  async function connected<Result>(
    login: { username: string; password: string },
    act: (redis: Redis) => Promise<Result>,
  ) {
    const redis = new Redis({
      ...login,
      port: server.port,
      host: '127.0.0.1',
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await act(redis);
    } finally {
      redis.disconnect();
    }
  }
});
