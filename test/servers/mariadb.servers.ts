import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbEngine } from '../../src/issuers/databases/mariadb-engine.ts';
import { twoUsersIssuer } from '../../src/issuers/databases/two-users-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { credentialIssuerContract } from '../contracts/credential-issuer.contract.ts';
import type { IssuerWorld } from '../contracts/issuer-world.ts';
import { bindingOf } from '../issuers/binding.ts';
import { skipUnless } from '../skip-unless.ts';
import type { LocalServer } from './local-server.ts';
import { type LossyTunnel, lossyTunnel } from './lossy-tunnel.ts';
import { expectNoInterruption, requestOf } from './rotate-in-turn.ts';
import { asRoot, mariadbServer, startMariadb } from './start-mariadb.ts';

const unlessAbsent = skipUnless(mariadbServer !== null, 'MariaDB is not installed (scripts/install-test-servers.sh)');
const administratorPassword = 'administrator-4711-password';

describe('MariaDB', unlessAbsent, () => {
  let server: LocalServer;
  let tunnel: LossyTunnel;
  beforeAll(async () => {
    server = await startMariadb([
      'create database shop',
      `create user keyturn@'%' identified by '${administratorPassword}'`,
      `grant create user on *.* to keyturn@'%'`,
      `grant select on mysql.* to keyturn@'%'`,
      `grant usage on shop.* to keyturn@'%'`,
      `grant select on shop.* to keyturn@'%'`,
      `create user somebody@'%' identified by 'untouched'`,
    ]);
    tunnel = await lossyTunnel(server.port);
  });
  afterAll(async () => {
    await tunnel.stop();
    await server.stop();
  });

  credentialIssuerContract('mariadb', () => newWorld());

  it('keeps a client working through twelve complete rotations', async () => {
    await expectNoInterruption(await newWorld(), signIn);
  });

  it('writes no password into the server’s log of statements', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    const proposed = world.issuer.propose(request) ?? new SecretValue('');
    await world.issuer.issue(request, proposed);
    const log = readFileSync(join(server.directory, 'general.log'), 'utf8');
    expect(log).toContain('ALTER USER');
    expect(log).not.toContain(new URL(proposed.reveal()).password);
  });

  it('stops with the server’s code if strict password rules refuse a hash, and sends no password instead', async () => {
    const world = await newWorld();
    await asRoot(server, [`install soname 'simple_password_check'`]);
    try {
      const request = requestOf(world);
      const proposed = world.issuer.propose(request) ?? new SecretValue('');
      await expect(world.issuer.issue(request, proposed)).rejects.toMatchObject({
        code: 'PROVIDER_REQUEST_REFUSED',
        // 1290: "running with the --strict-password-validation option so it cannot execute this statement".
        details: { reason: 'ER_CANNOT_USER 1290' },
      });
      expect(await world.issuer.verify(request, { credentialId: 'app_b', value: proposed })).toMatchObject({
        outcome: 'refused',
        authenticated: false,
      });
      expect(readFileSync(join(server.directory, 'general.log'), 'utf8')).not.toContain(
        new URL(proposed.reveal()).password,
      );
      await asRoot(server, ['set global strict_password_validation = off']);
      expect(await world.issuer.issue(request, proposed)).toMatchObject({ value: proposed });
    } finally {
      await asRoot(server, [`uninstall soname 'simple_password_check'`, 'set global strict_password_validation = on']);
    }
  });

  it('refuses users with different rights', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    await asRoot(server, [`revoke insert on shop.* from app_b@'%'`]);
    expect(await world.issuer.verify(request, credential)).toMatchObject({ outcome: 'refused', authenticated: true });
  });

  it('keeps the second user’s stronger authentication plugin, and signs in with it', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    await asRoot(server, [`alter user app_b@'%' identified via ed25519 using password('never-used')`]);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    expect(await pluginsOf('app_b')).toEqual(['ed25519']);
    expect(await world.issuer.verify(request, credential)).toMatchObject({ outcome: 'works', principal: 'app_b' });
    const wrong = new SecretValue(credential.value.reveal().replace(/:\w{32}@/, `:${'x'.repeat(32)}@`));
    expect(await world.issuer.verify(request, { ...credential, value: wrong })).toMatchObject({
      outcome: 'refused',
      authenticated: false,
    });
    // And back: the other user has the plugin that it had.
    await world.issuer.revoke({ ...request, current: credential.value }, 'app_a');
    const after = { ...request, current: credential.value, currentCredentialId: credential.credentialId };
    const back = await world.issuer.issue(after, world.issuer.propose(after));
    expect(await world.issuer.verify(after, back)).toMatchObject({ outcome: 'works', principal: 'app_a' });
    await world.issuer.revoke({ ...after, current: back.value }, 'app_b');
    expect(await pluginsOf('app_b')).toEqual(['ed25519']);
    expect(await world.issuer.verify(after, credential)).toMatchObject({ outcome: 'refused', authenticated: false });
  });

  it('refuses a user whose plugin has no password, and changes nothing', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    await asRoot(server, [`alter user app_b@'%' identified via unix_socket`]);
    await expect(world.issuer.issue(request, world.issuer.propose(request))).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
    });
    expect(await pluginsOf('app_b')).toEqual(['unix_socket']);
  });

  it('tells a login that may not enter the database from a network that failed', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    await asRoot(server, [
      'create or replace role reader',
      'grant select, insert on shop.* to reader',
      `revoke all on shop.* from app_a@'%'`,
      `revoke all on shop.* from app_b@'%'`,
      `grant reader to app_a@'%'`,
      `grant reader to app_b@'%'`,
      `set default role reader for app_a@'%'`,
    ]);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    expect(await world.issuer.verify(request, credential)).toEqual({
      outcome: 'refused',
      authenticated: true,
      reason: 'the server refuses app_b: ER_DBACCESS_DENIED_ERROR',
    });
    await asRoot(server, [`set default role reader for app_b@'%'`]);
    expect(await world.issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
  });

  it('rotates users of another host than any where the target names it', async () => {
    const world = await newWorld();
    await asRoot(server, [
      `drop user app_a@'%', app_b@'%'`,
      `create user app_a@'127.0.0.1' identified by 'first-password'`,
      `create user app_b@'127.0.0.1' identified by 'never-used'`,
      `grant select on shop.* to app_a@'127.0.0.1', app_b@'127.0.0.1'`,
    ]);
    const request = requestOf(world);
    const binding = { ...request.binding, target: { ...request.binding.target, userHost: '127.0.0.1' } };
    const there = { ...request, binding };
    const credential = await world.issuer.issue(there, world.issuer.propose(there));
    expect(await world.issuer.verify(there, credential)).toMatchObject({ outcome: 'works', principal: 'app_b' });
    await expect(world.issuer.issue(request, credential.value)).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
    });
    // The same name at any host is another account.
    await asRoot(server, [`create user app_b@'%' identified by 'another'`]);
    expect(await world.issuer.verify(request, credential)).toMatchObject({ outcome: 'refused', authenticated: true });
    await asRoot(server, [`drop user app_a@'127.0.0.1', app_b@'127.0.0.1'`]);
  });

  it('runs the probe as the new user, and keeps none of its effects', async () => {
    const world = await newWorld();
    await asRoot(server, ['create or replace table shop.orders (id int) engine = innodb']);
    const request = requestOf(world);
    const probed = (probe: string) => ({
      ...request,
      binding: { ...request.binding, target: { ...request.binding.target, probe } },
    });
    const insert = probed('insert into orders values (7)');
    const credential = await world.issuer.issue(insert, world.issuer.propose(insert));
    expect(await world.issuer.verify(insert, credential)).toMatchObject({ outcome: 'works' });
    expect(await asRoot(server, ['select * from shop.orders'])).toEqual([]);
    expect(await world.issuer.verify(probed('delete from orders'), credential)).toEqual({
      outcome: 'refused',
      authenticated: true,
      reason: 'the server refuses app_b: the probe failed: ER_TABLEACCESS_DENIED_ERROR',
    });
  });

  it('counts sessions of the old login only where it may see them, and ends them in an emergency', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    const old = await createConnection({ ...localhost(), user: 'app_a', password: 'first-password' });
    old.on('error', () => undefined);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    const after = { ...request, current: credential.value };
    expect(await world.issuer.revoke(after, 'app_a')).toEqual({
      outcome: 'revoked',
      sessions: { ended: 0, open: null },
    });
    await asRoot(server, [`grant process on *.* to keyturn@'%'`]);
    expect(await world.issuer.revoke(after, 'app_a')).toEqual({ outcome: 'revoked', sessions: { ended: 0, open: 1 } });
    await asRoot(server, [`grant connection admin on *.* to keyturn@'%'`]);
    expect(await world.issuer.revoke({ ...after, emergency: true }, 'app_a')).toEqual({
      outcome: 'revoked',
      sessions: { ended: 1, open: 0 },
    });
    await expect(old.query('select 1')).rejects.toThrow();
    await asRoot(server, [`revoke process, connection admin on *.* from keyturn@'%'`]);
  });

  const localhost = () => ({ host: '127.0.0.1', port: server.port, database: 'shop' });

  async function pluginsOf(user: string): Promise<readonly unknown[]> {
    const sql = `select json_value(Priv, '$.plugin') as plugin from mysql.global_priv where User = '${user}'`;
    return ((await asRoot(server, [sql])) as { plugin: unknown }[]).map(({ plugin }) => plugin);
  }

  async function newWorld(): Promise<IssuerWorld> {
    await asRoot(server, [
      `drop user if exists app_a@'%', app_b@'%'`,
      `create user app_a@'%' identified by 'first-password'`,
      `create user app_b@'%' identified by 'never-used-${randomBytes(8).toString('hex')}' account lock`,
      `grant select, insert on shop.* to app_a@'%'`,
      `grant select, insert on shop.* to app_b@'%'`,
    ]);
    const url = (port: number, user: string, password: string) =>
      `mysql://${user}:${encodeURIComponent(password)}@127.0.0.1:${String(port)}/shop`;
    const place = {
      host: '127.0.0.1',
      port: tunnel.port,
      database: 'shop',
      tls: 'off',
      administrator: 'kv-test/db-admin',
    };
    const target = { ...place, users: ['app_a', 'app_b'] };
    const administrator = new SecretValue(url(tunnel.port, 'keyturn', administratorPassword));
    const before = tunnel.calls();
    const engine = mariadbEngine({ randomBytes });
    const readSecret = () => Promise.resolve(administrator);
    return {
      issuer: twoUsersIssuer({ name: 'mariadb', engine, readSecret, randomBytes }),
      binding: bindingOf('mariadb', target),
      wrongTargets: [
        { ...target, users: ['app_a'] },
        { ...target, host: 'db.example.com' },
        { ...target, user: 'app_a' },
        place,
      ],
      current: new SecretValue(url(tunnel.port, 'app_a', 'first-password')),
      currentCredentialId: 'app_a',
      opens: (value) =>
        signIn(value.reveal()).then(
          () => true,
          () => false,
        ),
      calls: () => tunnel.calls() - before,
      loseNextAnswer: () => tunnel.loseAnswerTo('ALTER USER'),
      oldEnds: 'at-revoke',
      traceable: false,
      foreign: () =>
        asRoot(server, [`select * from mysql.global_priv where user in ('somebody', 'keyturn') order by user`]),
      stop: () => Promise.resolve(),
    };
  }

  async function signIn(url: string): Promise<void> {
    const parts = new URL(url);
    const connection = await createConnection({
      host: '127.0.0.1',
      port: server.port,
      database: parts.pathname.slice(1),
      user: parts.username,
      password: decodeURIComponent(parts.password),
    });
    await connection.query('select 1');
    connection.destroy();
  }
});
