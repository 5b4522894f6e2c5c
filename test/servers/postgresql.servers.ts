import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresqlEngine } from '../../src/issuers/databases/postgresql-engine.ts';
import { twoUsersIssuer } from '../../src/issuers/databases/two-users-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { credentialIssuerContract } from '../contracts/credential-issuer.contract.ts';
import type { IssuerWorld } from '../contracts/issuer-world.ts';
import { bindingOf } from '../issuers/binding.ts';
import { skipUnless } from '../skip-unless.ts';
import type { LocalServer } from './local-server.ts';
import { type LossyTunnel, lossyTunnel } from './lossy-tunnel.ts';
import { expectNoInterruption, requestOf } from './rotate-in-turn.ts';
import { asSuperuser, postgresqlPrograms, startPostgresql } from './start-postgresql.ts';

const unlessAbsent = skipUnless(
  postgresqlPrograms !== null,
  'PostgreSQL is not installed (scripts/install-test-servers.sh)',
);
const administratorPassword = 'administrator-4711-password';
const oldPassword = 'first/pass word@of:app_a?';

describe('PostgreSQL', unlessAbsent, () => {
  let server: LocalServer;
  let tunnel: LossyTunnel;
  beforeAll(async () => {
    server = await startPostgresql([
      `create role keyturn login createrole password '${administratorPassword}'`,
      'create role app_role nologin',
      'create database shop owner keyturn',
    ]);
    tunnel = await lossyTunnel(server.port);
  });
  afterAll(async () => {
    await tunnel.stop();
    await server.stop();
  });

  credentialIssuerContract('postgresql', () => newWorld());

  it('keeps a client working through twelve complete rotations', async () => {
    await expectNoInterruption(await newWorld(), signIn);
  });

  it('writes no password into the server’s log', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    const proposed = world.issuer.propose(request) ?? new SecretValue('');
    await world.issuer.issue(request, proposed);
    const password = new URL(proposed.reveal()).password;
    const log = readdirSync(join(server.directory, 'data', 'log')).map((file) =>
      readFileSync(join(server.directory, 'data', 'log', file), 'utf8'),
    );
    expect(log.join()).toContain('ALTER ROLE');
    expect(log.join()).not.toContain(password);
  });

  it('reports a password that breaks the server’s own rules, and leaves it unset', async () => {
    const world = await newWorld();
    // Debian's contrib module: it recognises a verifier of the user's own name as a bad password.
    await asSuperuser(server, [`alter role keyturn set session_preload_libraries = 'passwordcheck'`]);
    const request = requestOf(world);
    const proposed = world.issuer.propose(request)?.reveal() ?? '';
    const bad = new SecretValue(proposed.replace(new URL(proposed).password, new URL(proposed).username));
    await expect(world.issuer.issue(request, bad)).rejects.toMatchObject({
      code: 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY',
      details: { issuer: 'postgresql', secret: `${world.binding.vault}/${world.binding.name}` },
    });
    expect(await world.issuer.verify(request, { credentialId: 'app_b', value: bad })).toMatchObject({
      outcome: 'refused',
      authenticated: false,
    });
    expect((await world.issuer.issue(request, new SecretValue(proposed))).credentialId).toContain('app_b#');
    await asSuperuser(server, [`alter role keyturn reset session_preload_libraries`]);
  });

  it('refuses to revoke the user in force, and a login of another server', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    await expect(world.issuer.revoke(request, 'app_a')).rejects.toMatchObject({ code: 'PROVIDER_STATE_REFUSED' });
    const elsewhere = new SecretValue(world.current?.reveal().replace('/shop', '/payments') ?? '');
    await expect(world.issuer.issue({ ...request, current: elsewhere }, elsewhere)).rejects.toMatchObject({
      code: 'ISSUER_TARGET_REFUSED',
    });
  });

  async function newWorld(): Promise<IssuerWorld> {
    await asSuperuser(server, [
      'drop role if exists app_a, app_b, somebody',
      `create role app_a login password '${oldPassword}' in role app_role`,
      `create role app_b login password null in role app_role`,
      `create role somebody login password 'untouched'`,
    ]);
    const url = (port: number, user: string, password: string) =>
      `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${String(port)}/shop`;
    const place = {
      host: '127.0.0.1',
      port: tunnel.port,
      database: 'shop',
      tls: 'off',
      administrator: 'kv-test/pg-admin',
    };
    const target = { ...place, users: ['app_a', 'app_b'] };
    const administrator = new SecretValue(url(tunnel.port, 'keyturn', administratorPassword));
    const before = tunnel.calls();
    return {
      issuer: twoUsersIssuer({
        name: 'postgresql',
        engine: postgresqlEngine({ randomBytes, answerWithinMs: 100_000 }),
        readSecret: () => Promise.resolve(administrator),
        randomBytes,
      }),
      binding: bindingOf('postgresql', target),
      wrongTargets: [
        { ...target, users: ['app_a'] },
        { ...target, users: ['app_a', 'app_a'] },
        { ...target, users: ['app_a', 'app_b"; drop'] },
        { ...target, host: 'db.example.com' },
        { ...target, administrator: 'pg-admin' },
        { ...place },
      ],
      current: new SecretValue(url(tunnel.port, 'app_a', oldPassword)),
      currentCredentialId: 'app_a',
      opens: (value) =>
        signIn(value.reveal()).then(
          () => true,
          () => false,
        ),
      calls: () => tunnel.calls() - before,
      loseNextAnswer: () => tunnel.loseAnswerTo('COMMIT'),
      oldEnds: 'at-revoke',
      traceable: true,
      foreign: () =>
        asSuperuser(server, [
          `select rolname, rolpassword from pg_authid where rolname in ('somebody', 'keyturn') order by 1`,
        ]),
      stop: () => Promise.resolve(),
    };
  }

  async function signIn(url: string): Promise<void> {
    const parts = new URL(url);
    const client = new Client({
      host: '127.0.0.1',
      port: server.port,
      database: parts.pathname.slice(1),
      user: parts.username,
      password: decodeURIComponent(parts.password),
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
    } finally {
      await client.end();
    }
  }
});
