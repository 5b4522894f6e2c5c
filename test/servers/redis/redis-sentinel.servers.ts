import { createHash, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redisAclIssuer } from '../../../src/issuers/databases/redis-acl-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { requestFor } from '../../issuers/issue-request.ts';
import { skipUnless } from '../../skip-unless.ts';
import type { LocalServer } from '../local-server.ts';
import { redisServer, startRedis, startSentinel } from '../start-redis.ts';

const unlessAbsent = skipUnless(redisServer !== null, 'Redis is not installed (scripts/install-test-servers.sh)');
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const users = [
  `user keyturn on #${hash('administrator')} -@all +acl +ping +info`,
  `user root on #${hash('root-of-the-test')} ~* &* +@all`,
  `user app on #${hash('first')} ~* +get +ping`,
];
const asRoot = { username: 'root', password: 'root-of-the-test' };
const replication = ['--masteruser', asRoot.username, '--masterauth', asRoot.password];
const patience = { timeout: 60_000, interval: 200 };

describe('Redis with a replica that a Sentinel watches', unlessAbsent, () => {
  let first: LocalServer;
  let second: LocalServer;
  let sentinel: LocalServer;
  beforeAll(async () => {
    first = await startRedis(users, { settings: replication });
    second = await startRedis(users, {
      settings: [...replication, '--replicaof', '127.0.0.1', String(first.port)],
    });
    await vi.waitFor(async () => expect(await info(first)).toContain('state=online'), patience);
    sentinel = await startSentinel(first.port, {
      user: asRoot.username,
      password: asRoot.password,
      users: [`user keyturn on #${hash('administrator')} +@all`, `user app on #${hash('first')} +@all`],
    });
    await vi.waitFor(
      async () => expect(await ask(sentinel, null, 'SENTINEL', 'REPLICAS', 'shop')).toHaveLength(1),
      patience,
    );
  });
  afterAll(async () => {
    for (const server of [sentinel, second, first]) await server.stop();
  });

  it('is left alone while the Sentinel itself is named: it holds no users of the deployment', async () => {
    const { issuer, request } = targetOf(first, [second, sentinel]);
    await expect(issuer.issue(request, issuer.propose(request))).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
      details: { reason: 'a node is a Sentinel: name the servers that it watches instead' },
    });
    expect(await signsIn(first, 'first')).toBe(true);
    expect(await signsIn(second, 'first')).toBe(true);
  });

  it('lets readers in with the new password before and after a failover, and shows the old one dead on both', async () => {
    const { issuer, request } = targetOf(first, [second]);
    const credential = await issuer.issue(request, issuer.propose(request));
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    // It promotes no replica that it has not heard from.
    await vi.waitFor(async () => ask(sentinel, null, 'SENTINEL', 'FAILOVER', 'shop'), patience);
    await vi.waitFor(async () => expect(await info(second)).toContain('role:master'), patience);
    await vi.waitFor(async () => expect(await info(second)).toContain('state=online'), patience);
    const { password } = new URL(credential.value.reveal());
    expect(await signsIn(second, password)).toBe(true);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    const after = { ...request, current: credential.value };
    expect(await issuer.revoke(after, 'app')).toMatchObject({ outcome: 'revoked' });
    for (const node of [first, second]) {
      expect(await signsIn(node, password)).toBe(true);
      expect(await signsIn(node, 'first')).toBe(false);
    }
    expect(await issuer.verify(after, { credentialId: 'app', value: request.current })).toMatchObject({
      outcome: 'refused',
      authenticated: false,
    });
  }, 240_000);
});

function targetOf(node: LocalServer, further: readonly LocalServer[]) {
  const url = (user: string, password: string) =>
    new SecretValue(`redis://${user}:${password}@127.0.0.1:${String(node.port)}/0`);
  const nodes = further.map(({ port }) => `127.0.0.1:${String(port)}`);
  const place = { host: '127.0.0.1', port: node.port, database: 0, tls: 'off', administrator: 'kv-test/admin' };
  const issuer = redisAclIssuer({ readSecret: () => Promise.resolve(url('keyturn', 'administrator')), randomBytes });
  const request = requestFor('redis-acl', { ...place, user: 'app', nodes });
  // A failover lasts longer than a request may.
  const signal = AbortSignal.timeout(240_000);
  return { issuer, request: { ...request, signal, current: url('app', 'first') } };
}

async function info(node: LocalServer): Promise<string> {
  return String(await ask(node, asRoot, 'INFO', 'replication'));
}

async function signsIn(node: LocalServer, password: string): Promise<boolean> {
  return await ask(node, { username: 'app', password }, 'PING').then(
    () => true,
    () => false,
  );
}

async function ask(
  node: LocalServer,
  login: { readonly username: string; readonly password: string } | null,
  command: string,
  ...words: string[]
): Promise<unknown> {
  const redis = new Redis({
    ...login,
    port: node.port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    enableOfflineQueue: false,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.call(command, ...words);
  } finally {
    redis.disconnect();
  }
}
