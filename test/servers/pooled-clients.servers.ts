import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { postgresqlEngine } from '../../src/issuers/databases/postgresql-engine.ts';
import { twoUsersIssuer } from '../../src/issuers/databases/two-users-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { IssuerWorld } from '../contracts/issuer-world.ts';
import { bindingOf } from '../issuers/binding.ts';
import { skipUnless } from '../skip-unless.ts';
import type { LocalServer } from './local-server.ts';
import { expectNoInterruption, type HoldingClient } from './rotate-in-turn.ts';
import { certificateFor, type ServerCertificate } from './server-certificate.ts';
import { pgbouncerProgram, startPgbouncer } from './start-pgbouncer.ts';
import { asSuperuser, postgresqlPrograms, startPostgresql } from './start-postgresql.ts';

const unlessAbsent = skipUnless(
  postgresqlPrograms !== null,
  'PostgreSQL is not installed (scripts/install-test-servers.sh)',
);
const unlessNoBouncer = skipUnless(
  postgresqlPrograms !== null && pgbouncerProgram !== null,
  'PgBouncer is not installed (scripts/install-test-servers.sh)',
);
const passwords = { administrator: 'administrator-4711-password', first: 'first-password' };
/** One for each kind of right: tables, columns, sequences, schemas, functions, temporary tables, settings, row policies. */
const statements = [
  'select * from orders',
  `insert into orders (tenant) values ('app')`,
  `update orders set tenant = 'app' where id = 1`,
  'delete from orders where id > 100',
  'select secret_total()',
  'select * from hidden.notes',
  'create temporary table scratch (id int) on commit drop',
  `select 1 / (case when current_setting('statement_timeout') = '20s' then 1 else 0 end)`,
  `select 1 / count(*) from orders where tenant = 'app'`,
];

describe('a client with a pool that holds its value for its lifetime', unlessAbsent, () => {
  let server: LocalServer;
  let certificate: ServerCertificate;
  beforeAll(async () => {
    certificate = await certificateFor('localhost');
    server = await startPostgresql(
      [
        `create role keyturn login createrole password '${passwords.administrator}'`,
        `create role bouncer login password 'bouncer-password'`,
        'create database shop',
      ],
      certificate,
    );
    await inShop([
      'create table orders (id serial primary key, tenant text)',
      `insert into orders (tenant) values ('app'), ('other')`,
      'alter table orders enable row level security',
      'create schema hidden',
      'create table hidden.notes (text text)',
      'create function secret_total() returns bigint language sql as $$ select count(*) from orders $$',
      'revoke execute on function secret_total() from public',
      `create function bouncer_lookup(wanted text, out name text, out verifier text) language sql security definer
         as $$ select rolname::text, rolpassword from pg_authid where rolname = wanted and rolcanlogin $$`,
      'revoke execute on function bouncer_lookup(text) from public',
      'grant execute on function bouncer_lookup(text) to bouncer',
    ]);
  });
  afterAll(async () => {
    await server.stop();
  });

  it('runs every kind of statement through twelve rotations over TLS, and is never refused', async () => {
    const world = await newWorld();
    const client = pooledClient({ port: server.port, ssl: { ca: certificate.cert } });
    await expectNoInterruption(world, signInAt(server.port), client);
    await client.end();
  });

  it('does so through PgBouncer too, which keeps sessions of its own', unlessNoBouncer, async () => {
    const bouncer = await startPgbouncer({ port: server.port, database: 'shop' });
    const world = await newWorld();
    const client = pooledClient({ port: bouncer.port, ssl: false });
    try {
      await expectNoInterruption(world, signInAt(bouncer.port, false), client);
    } finally {
      await client.end();
      await bouncer.stop();
    }
  });

  /** Holds its login for five times of working, in a pool; then reads the latest and opens another pool. */
  function pooledClient({
    port,
    ssl,
  }: {
    port: number;
    ssl: false | { ca: string };
  }): HoldingClient & { end: () => Promise<void> } {
    const lifetime = 5;
    let pool: Pool | null = null;
    let left = 0;
    const end = async () => {
      await pool?.end();
      pool = null;
    };
    return {
      lifetime,
      end,
      work: async (latest) => {
        if (left === 0) {
          await end();
          const { username, password } = new URL(latest());
          pool = new Pool({ host: 'localhost', port, database: 'shop', user: username, password, ssl, max: 2 });
          pool.on('error', () => undefined);
          left = lifetime;
        }
        left -= 1;
        const client = await pool?.connect();
        try {
          await client?.query('begin');
          for (const statement of statements) await client?.query(statement);
          await client?.query('commit');
        } finally {
          client?.release();
        }
      },
    };
  }

  async function newWorld(): Promise<IssuerWorld> {
    await asSuperuser(server, ['drop owned by app_a, app_b', 'drop role app_a, app_b']).catch(() => undefined);
    await inShop(['drop owned by app_a, app_b', 'drop role app_a, app_b']).catch(() => undefined);
    await asSuperuser(server, [
      `create role app_a login password '${passwords.first}'`,
      'create role app_b login',
      `alter role app_a set statement_timeout = '20s'`,
      `alter role app_b set statement_timeout = '20s'`,
    ]);
    await inShop([
      'grant select, insert, delete, update (tenant) on orders to app_a, app_b',
      'grant usage on sequence orders_id_seq to app_a, app_b',
      'grant execute on function secret_total() to app_a, app_b',
      'grant usage on schema hidden to app_a, app_b',
      'grant select on hidden.notes to app_a, app_b',
      'drop policy if exists own on orders',
      `create policy own on orders to app_a, app_b using (tenant = 'app') with check (tenant = 'app')`,
    ]);
    const url = (user: string, password: string) =>
      new SecretValue(`postgresql://${user}:${password}@localhost:${String(server.port)}/shop`);
    const place = { host: 'localhost', port: server.port, database: 'shop', administrator: 'kv-test/pg-admin' };
    const target = { ...place, users: ['app_a', 'app_b'], authority: certificate.cert, probe: statements[0] ?? '' };
    return {
      issuer: twoUsersIssuer({
        name: 'postgresql',
        engine: postgresqlEngine({ randomBytes, answerWithinMs: 100_000 }),
        readSecret: () => Promise.resolve(url('keyturn', passwords.administrator)),
        randomBytes,
      }),
      binding: bindingOf('postgresql', target),
      wrongTargets: [],
      current: url('app_a', passwords.first),
      currentCredentialId: 'app_a',
      opens: null,
      calls: () => 0,
      loseNextAnswer: null,
      oldEnds: 'at-revoke',
      traceable: true,
      foreign: () => Promise.resolve(null),
      stop: () => Promise.resolve(),
    };
  }

  function signInAt(port: number, encrypted = true): (url: string) => Promise<void> {
    return async (url) => {
      const { username: user, password } = new URL(url);
      const ssl = encrypted ? { ca: certificate.cert } : false;
      const client = new Client({ host: 'localhost', port, database: 'shop', user, password, ssl });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.query('select 1');
      } finally {
        await client.end();
      }
    };
  }

  async function inShop(all: readonly string[]): Promise<void> {
    const client = new Client({ host: server.directory, port: server.port, user: 'postgres', database: 'shop' });
    await client.connect();
    try {
      for (const one of all) await client.query(one);
    } finally {
      await client.end();
    }
  }
});
