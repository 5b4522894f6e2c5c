import { createHash, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { redisAclIssuer } from '../../../src/issuers/databases/redis-acl-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { requestFor } from '../../issuers/issue-request.ts';
import { skipUnless } from '../../skip-unless.ts';
import type { LocalServer } from '../local-server.ts';
import { redisServer, startRedis } from '../start-redis.ts';

const unlessAbsent = skipUnless(redisServer !== null, 'Redis is not installed (scripts/install-test-servers.sh)');
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const users = [
  `user keyturn on #${hash('administrator')} -@all +acl +ping +info +cluster|info +client|list +client|kill`,
  `user root on #${hash('root-of-the-test')} ~* &* +@all`,
  `user app on #${hash('first')} ~* +get +ping`,
];

describe('Redis with a replica', unlessAbsent, () => {
  let master: LocalServer;
  let replica: LocalServer;
  beforeAll(async () => {
    master = await startRedis(users);
    replica = await startRedis(users, {
      settings: [
        '--replicaof',
        '127.0.0.1',
        String(master.port),
        '--masteruser',
        'root',
        '--masterauth',
        'root-of-the-test',
      ],
    });
    await vi.waitFor(async () => expect(await asRoot(master, 'INFO', 'replication')).toContain('state=online'), 20_000);
  });
  afterAll(async () => {
    await replica.stop();
    await master.stop();
  });
  beforeEach(async () => {
    for (const node of [master, replica]) await asRoot(node, 'ACL', 'SETUSER', 'app', 'resetpass', `#${hash('first')}`);
  });

  it('is left alone while the target names the master alone: users are not replicated', async () => {
    const { issuer, request } = targetOf([]);
    await expect(issuer.issue(request, issuer.propose(request))).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
      details: { reason: '1 replicas are connected and 0 are named: name each in target.nodes' },
    });
    await expect(issuer.revoke({ ...request }, 'app')).rejects.toMatchObject({ code: 'PROVIDER_STATE_REFUSED' });
    expect(await signsIn(master, 'first')).toBe(true);
  });

  it('takes the new password and refuses the old one on every node', async () => {
    const { issuer, request } = targetOf([replica]);
    const credential = await issuer.issue(request, issuer.propose(request));
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works', notes: { length: 2 } });
    const { password } = new URL(credential.value.reveal());
    await issuer.revoke({ ...request, current: credential.value }, 'app');
    for (const node of [master, replica]) {
      expect(await signsIn(node, password)).toBe(true);
      expect(await signsIn(node, 'first')).toBe(false);
    }
    expect(await issuer.verify(request, { credentialId: 'app', value: request.current })).toMatchObject({
      outcome: 'refused',
      authenticated: false,
    });
  });

  it('does not call a password dead that one node still takes', async () => {
    const { issuer, request } = targetOf([replica]);
    await asRoot(master, 'ACL', 'SETUSER', 'app', 'resetpass', `#${hash('second')}`);
    expect(await issuer.verify(request, { credentialId: 'app', value: request.current })).toMatchObject({
      outcome: 'refused',
      authenticated: true,
    });
  });

  it('is left as it is while a named node does not answer', async () => {
    const { issuer, request } = targetOf([replica, { port: 1 }]);
    await expect(issuer.issue(request, issuer.propose(request))).rejects.toMatchObject({
      code: 'PROVIDER_UNREACHABLE',
    });
    for (const node of [master, replica])
      expect(await asRoot(node, 'ACL', 'GETUSER', 'app')).toContainEqual([hash('first')]);
  });

  it('refuses an administrator who may not ask for replicas', async () => {
    const { issuer, request } = targetOf([replica]);
    await asRoot(master, 'ACL', 'SETUSER', 'keyturn', '-info');
    await expect(issuer.issue(request, issuer.propose(request))).rejects.toMatchObject({
      code: 'PROVIDER_ACCESS_DENIED',
      details: { reason: 'NOPERM' },
    });
    await asRoot(master, 'ACL', 'SETUSER', 'keyturn', '+info');
  });

  it('tells how many sessions of the user live on, and ends them in an emergency', async () => {
    const { issuer, request } = targetOf([replica]);
    const credential = await issuer.issue(request, issuer.propose(request));
    const old = await open(master, 'app', 'first');
    const after = { ...request, current: credential.value };
    expect(await issuer.revoke(after, 'app')).toEqual({ outcome: 'revoked', sessions: { ended: 0, open: 1 } });
    expect(await old.ping()).toBe('PONG');
    const next = await issuer.issue(after, issuer.propose(after));
    expect(await issuer.revoke({ ...after, current: next.value, emergency: true }, 'app')).toEqual({
      outcome: 'revoked',
      sessions: { ended: 1, open: 0 },
    });
    await expect(old.ping()).rejects.toThrow();
    old.disconnect();
  });

  function targetOf(further: readonly Pick<LocalServer, 'port'>[]) {
    const url = (user: string, password: string) =>
      new SecretValue(`redis://${user}:${password}@127.0.0.1:${String(master.port)}/0`);
    const nodes = further.map(({ port }) => `127.0.0.1:${String(port)}`);
    const place = { host: '127.0.0.1', port: master.port, database: 0, tls: 'off', administrator: 'kv-test/admin' };
    const target = { ...place, user: 'app', ...(nodes.length === 0 ? {} : { nodes }) };
    const issuer = redisAclIssuer({ readSecret: () => Promise.resolve(url('keyturn', 'administrator')), randomBytes });
    return { issuer, request: { ...requestFor('redis-acl', target), current: url('app', 'first') } };
  }

  async function signsIn(node: LocalServer, password: string): Promise<boolean> {
    const redis = await open(node, 'app', password).catch(() => null);
    redis?.disconnect();
    return redis !== null;
  }

  async function asRoot(node: LocalServer, command: string, ...words: string[]): Promise<unknown> {
    const redis = await open(node, 'root', 'root-of-the-test');
    try {
      return await redis.call(command, ...words);
    } finally {
      redis.disconnect();
    }
  }
});

describe('Redis in a cluster', unlessAbsent, () => {
  it('is left alone where the target does not name every node, and rotated on every node where it does', async () => {
    const [one, other] = await Promise.all(
      [0, 1].map(() => startRedis(users, { settings: ['--cluster-enabled', 'yes'] })),
    );
    if (one === undefined || other === undefined) throw new Error('no servers');
    const root = await open(one, 'root', 'root-of-the-test');
    await root.call('CLUSTER', 'MEET', '127.0.0.1', String(other.port));
    await expect
      .poll(() => root.call('CLUSTER', 'INFO'), { timeout: 20_000 })
      .toEqual(expect.stringContaining('cluster_known_nodes:2'));
    root.disconnect();
    const url = (user: string, password: string) =>
      new SecretValue(`redis://${user}:${password}@127.0.0.1:${String(one.port)}/0`);
    const place = { host: '127.0.0.1', port: one.port, database: 0, tls: 'off', administrator: 'kv-test/admin' };
    const issuer = redisAclIssuer({ readSecret: () => Promise.resolve(url('keyturn', 'administrator')), randomBytes });
    const alone = { ...requestFor('redis-acl', { ...place, user: 'app' }), current: url('app', 'first') };
    await expect(issuer.issue(alone, issuer.propose(alone))).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
      details: { reason: 'the cluster has 2 nodes: name each in target.nodes' },
    });
    const nodes = [`127.0.0.1:${String(other.port)}`];
    const whole = { ...requestFor('redis-acl', { ...place, user: 'app', nodes }), current: url('app', 'first') };
    const credential = await issuer.issue(whole, issuer.propose(whole));
    expect(await issuer.verify(whole, credential)).toMatchObject({ outcome: 'works', notes: { length: 2 } });
    await issuer.revoke({ ...whole, current: credential.value }, 'app');
    expect(await issuer.verify(whole, { credentialId: 'app', value: whole.current })).toMatchObject({
      outcome: 'refused',
      authenticated: false,
    });
    expect(await issuer.verify(whole, credential)).toMatchObject({ outcome: 'works', notes: { length: 2 } });
    await one.stop();
    await other.stop();
  });
});

async function open(node: LocalServer, username: string, password: string): Promise<Redis> {
  const redis = new Redis({
    username,
    password,
    port: node.port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    enableOfflineQueue: false,
  });
  redis.on('error', () => undefined);
  await redis.connect();
  return redis;
}
