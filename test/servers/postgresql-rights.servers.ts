import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresqlEngine } from '../../src/issuers/databases/postgresql-engine.ts';
import { twoUsersIssuer } from '../../src/issuers/databases/two-users-issuer.ts';
import type { IssuedCredential, IssueRequest, Verification } from '../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { requestFor } from '../issuers/issue-request.ts';
import { skipUnless } from '../skip-unless.ts';
import type { LocalServer } from './local-server.ts';
import { asSuperuser, postgresqlPrograms, startPostgresql } from './start-postgresql.ts';

const unlessAbsent = skipUnless(
  postgresqlPrograms !== null,
  'PostgreSQL is not installed (scripts/install-test-servers.sh)',
);

describe('two users of PostgreSQL, compared by an administrator with CREATEROLE alone', unlessAbsent, () => {
  let server: LocalServer;
  const issuer = twoUsersIssuer({
    name: 'postgresql',
    engine: postgresqlEngine({ randomBytes, answerWithinMs: 100_000 }),
    readSecret: () => Promise.resolve(new SecretValue(urlOf('keyturn', 'administrator'))),
    randomBytes,
  });

  beforeAll(async () => {
    server = await startPostgresql([`create role keyturn login createrole password 'administrator'`]);
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    await asSuperuser(server, [
      'drop database if exists shop with (force)',
      'drop role if exists app_a, app_b, app_owner, reader',
      'create database shop',
      'create role app_owner nologin',
      'create role reader nologin',
      `create role app_a login password 'first'`,
      'create role app_b login',
    ]);
    await inShop([
      'create table t (id serial primary key, tenant text)',
      'create schema hidden',
      'create table hidden.u ()',
    ]);
  });

  it('says works where both can do the same', async () => {
    await inShop([
      'grant select, insert on t to app_a, app_b',
      'grant usage on sequence t_id_seq to app_a, app_b',
      'alter role app_a set statement_timeout = 5000',
      'alter role app_b set statement_timeout = 5000',
    ]);
    expect(await afterIssue('insert into t default values')).toEqual({ outcome: 'works', application: 'works' });
  });

  it.each<[string, readonly string[], string, string]>([
    [
      'a table that one of them owns',
      ['alter table t owner to app_a'],
      'select * from t',
      'app_a alone has ownership on table t',
    ],
    [
      'a table that one of them may read by a group',
      ['grant select on t to reader', 'grant reader to app_a'],
      'select * from t',
      'app_a alone has SELECT on table t',
    ],
    [
      'one column of a table',
      ['grant select (id) on t to app_a, app_b', 'grant select (tenant) on t to app_a'],
      'select tenant from t',
      'app_a alone has SELECT on column tenant of table t',
    ],
    [
      'a sequence',
      ['grant select, insert on t to app_a, app_b', 'grant usage on sequence t_id_seq to app_a'],
      'insert into t default values',
      'app_a alone has USAGE on sequence t_id_seq',
    ],
    [
      'a schema',
      ['grant select on hidden.u to app_a, app_b', 'grant usage on schema hidden to app_a'],
      'select * from hidden.u',
      'app_a alone has USAGE on schema hidden',
    ],
    [
      'a function',
      [
        'create function secret() returns int language sql as $$ select 1 $$',
        'revoke execute on function secret() from public',
        'grant execute on function secret() to app_a',
      ],
      'select secret()',
      'app_a alone has EXECUTE on function secret()',
    ],
    [
      'a table that only its maker may change, though both are members of its schema’s owner',
      [
        'grant app_owner to app_a, app_b',
        'grant create on schema public to app_owner',
        'set role app_a',
        'create table made (id int)',
        'reset role',
        'grant all on made to app_owner',
      ],
      'alter table made add column more int',
      'app_a alone has ownership on table made',
    ],
    [
      'a policy for rows',
      [
        'grant select on t to app_a, app_b',
        `insert into t (tenant) values ('one')`,
        'alter table t enable row level security',
        'create policy everything on t to app_a using (true)',
      ],
      'select 1 / count(*) from t',
      'app_a alone has being subject on policy everything on table t',
    ],
    [
      'BYPASSRLS',
      ['alter role app_a bypassrls'],
      `select 1 / count(*) from pg_roles where rolname = current_user and rolbypassrls`,
      'app_a alone has BYPASSRLS',
    ],
    [
      'a setting of a role',
      [
        'grant usage on schema hidden to app_a, app_b',
        'grant select on hidden.u to app_a, app_b',
        'alter role app_a set search_path = hidden',
      ],
      'select * from u',
      'app_a alone has setting search_path',
    ],
    [
      'default privileges, by which others may read what it creates',
      [
        'grant create on schema public to app_a, app_b',
        'alter default privileges for role app_a grant select on tables to reader',
      ],
      `create table later (id int); select 1 / count(*) from pg_class where relname = 'later' and relacl::text ~ 'reader'`,
      'app_a alone has default privileges for what it creates',
    ],
    [
      'default privileges, by which it may read what others create',
      [
        'alter default privileges for role app_owner grant select on tables to app_a',
        'grant create on schema public to app_owner',
        'set role app_owner',
        'create table later (id int)',
        'reset role',
        'revoke all on later from app_a',
      ],
      'select 1 / 0',
      'app_a alone has default privileges on what others create',
    ],
  ])('refuses a second user without %s', async (_, statements, query, reason) => {
    await inShop(statements);
    const { credential, verification } = await issueAndVerify();
    expect(verification).toMatchObject({ outcome: 'refused', authenticated: true });
    expect(verification.outcome === 'refused' && verification.reason).toContain(reason);
    await expect(run(credential.value, query)).rejects.toThrow();
  });

  it('says works of members of an owner role that act as it from their first statement on', async () => {
    await inShop([
      'alter table t owner to app_owner',
      'grant app_owner to app_a, app_b',
      'alter role app_a set role app_owner',
      'alter role app_b set role app_owner',
    ]);
    const { credential, verification } = await issueAndVerify();
    expect(verification).toMatchObject({ outcome: 'works', principal: 'app_b' });
    expect(verification.outcome === 'works' && verification.notes).toContain('acts as app_owner');
    await run(credential.value, 'alter table t add column more int');
    await run(new SecretValue(urlOf('app_a', 'first')), 'alter table t drop column more');
  });

  it('says works of a second user that is a member of the first, and of its tables', async () => {
    await inShop(['alter table t owner to app_a', 'alter schema hidden owner to app_a', 'grant app_a to app_b']);
    expect(await afterIssue('alter table t add column more int')).toEqual({ outcome: 'works', application: 'works' });
  });

  it('runs the probe as the new user, and keeps none of its effects', async () => {
    await inShop(['grant select, insert on t to app_a, app_b']);
    const probe = { probe: "insert into t (id, tenant) values (7, 'x')" };
    const { verification } = await issueAndVerify(probe);
    expect(verification).toMatchObject({ outcome: 'works' });
    expect(verification.outcome === 'works' && verification.notes).toContain('ran the probe');
    expect(await inShop(['select * from t'])).toEqual([]);
    const missing = await issueAndVerify({ probe: 'select * from hidden.u' });
    expect(missing.verification).toEqual({
      outcome: 'refused',
      authenticated: true,
      reason: 'the server refuses app_b: the probe failed: 42501',
    });
  });

  it('does not call a login dead that may only not enter the database', async () => {
    await inShop(['revoke connect on database shop from public', 'grant connect on database shop to app_a, keyturn']);
    const { verification } = await issueAndVerify();
    expect(verification).toMatchObject({ outcome: 'refused', authenticated: true });
  });

  it('tells how many sessions of an ended login live on, and ends them in an emergency', async () => {
    const { credential, request } = await issueAndVerify();
    const old = await open(new SecretValue(urlOf('app_a', 'first')));
    const others = await open(credential.value);
    const after = { ...request, current: credential.value, currentCredentialId: credential.credentialId };
    expect(await issuer.revoke(after, 'app_a')).toEqual({ outcome: 'revoked', sessions: { ended: 0, open: 1 } });
    await old.query('select 1');
    // Only a member of a role, or of pg_signal_backend, may end its sessions.
    await asSuperuser(server, ['grant pg_signal_backend to keyturn']);
    expect(await issuer.revoke({ ...after, emergency: true }, 'app_a')).toMatchObject({ outcome: 'absent' });
    await expect
      .poll(() =>
        old.query('select 1').then(
          () => 'alive',
          () => 'ended',
        ),
      )
      .toBe('ended');
    await others.query('select 1');
    await others.end();
    await old.end().catch(() => undefined);
  });

  it('counts sessions that it may not end as open', async () => {
    const { credential, request } = await issueAndVerify();
    await asSuperuser(server, ['revoke pg_signal_backend from keyturn']);
    const old = await open(new SecretValue(urlOf('app_a', 'first')));
    const after = { ...request, current: credential.value, currentCredentialId: credential.credentialId };
    expect(await issuer.revoke({ ...after, emergency: true }, 'app_a')).toEqual({
      outcome: 'revoked',
      sessions: { ended: 0, open: 1 },
    });
    await old.query('select 1');
    await old.end();
  });

  function urlOf(user: string, password: string): string {
    return `postgresql://${user}:${password}@127.0.0.1:${String(server.port)}/shop`;
  }

  async function issueAndVerify(
    more: object = {},
  ): Promise<{ request: IssueRequest; credential: IssuedCredential; verification: Verification }> {
    const target = {
      host: '127.0.0.1',
      port: server.port,
      database: 'shop',
      tls: 'off',
      administrator: 'kv-test/admin',
      users: ['app_a', 'app_b'],
      ...more,
    };
    const request = { ...requestFor('postgresql', target), current: new SecretValue(urlOf('app_a', 'first')) };
    const credential = await issuer.issue(request, issuer.propose(request));
    return { request, credential, verification: await issuer.verify(request, credential) };
  }

  /** What the issuer says of the new login, and what the application sees with it. */
  async function afterIssue(query: string): Promise<{ outcome: string; application: string }> {
    const { credential, verification } = await issueAndVerify();
    const application = await run(credential.value, query).then(
      () => 'works',
      (error: unknown) => String(error),
    );
    return { outcome: verification.outcome, application };
  }

  async function open(value: SecretValue): Promise<Client> {
    const client = new Client({ connectionString: value.reveal() });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async function run(value: SecretValue, query: string): Promise<void> {
    const client = await open(value);
    try {
      await client.query(query);
    } finally {
      await client.end();
    }
  }

  async function inShop(statements: readonly string[]): Promise<unknown[]> {
    const client = new Client({ host: server.directory, port: server.port, user: 'postgres', database: 'shop' });
    await client.connect();
    try {
      let rows: unknown[] = [];
      for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }
});
