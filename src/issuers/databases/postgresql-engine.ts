import type { Client } from 'pg';
import { ServiceError } from '../../service-error.ts';
import type { DatabaseEngine, Session } from './database-engine.ts';
import { extractErrorCode, unclear, unreachable } from '../shared/provider-fault.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { scramVerifier } from './scram-verifier.ts';

const issuer = 'postgresql';
// invalid_password: the only code that is about the password. 28000 may also mean a missing line in pg_hba.conf.
const wrongPassword = '28P01';
// invalid_parameter_value: the answer of passwordcheck and similar modules to ALTER ROLE. Source:
// contrib/passwordcheck.
const policyCodes = ['22023'];
const connectTimeoutMs = 10_000;

/** PostgreSQL from version 10 on. The administrator needs CREATEROLE, and from 16 on the ADMIN option on both users. */
export function postgresqlEngine({ randomBytes }: { readonly randomBytes: RandomBytes }): DatabaseEngine {
  return {
    scheme: 'postgresql',
    defaultPort: 5432,
    policyCodes,
    async signIn(session) {
      const client = await connect(session);
      if (client === null) return { outcome: 'refused' };
      return await using(client, async () => {
        const { rows } = await ask(
          session,
          client,
          'select current_user::text as name, r.rolsuper as super from pg_roles r where rolname = current_user',
        );
        const [row] = rows;
        return {
          outcome: 'in',
          user: textOf(row?.['name']),
          notes: row?.['super'] === true ? ['the user is a superuser'] : [],
        };
      });
    },
    setPassword: (session, user, password, mark) =>
      change(session, user, [`LOGIN PASSWORD '${scramVerifier(password, randomBytes(16))}'`], mark),
    endPassword: (session, user, mark) => change(session, user, ['PASSWORD NULL'], mark),
    markOf: async (session, user) => {
      const sql = "select shobj_description(oid, 'pg_authid') as mark from pg_roles where rolname = $1";
      const rows = await asAdministrator(session, (client) => ask(session, client, sql, [user]));
      const [row] = rows.rows;
      if (row === undefined) throw refused(session, `role ${user} does not exist`);
      return textOf(row['mark']) === '' ? null : textOf(row['mark']);
    },
    rightsOf: async (session, user) => {
      const sql = `select 'member of ' || g.rolname as right from pg_auth_members m join pg_roles g on g.oid = m.roleid
                   join pg_roles u on u.oid = m.member where u.rolname = $1
                   union all select p || ' on ' || table_schema || '.' || table_name from
                   (select table_schema, table_name, privilege_type as p from information_schema.role_table_grants where grantee = $1) t
                   order by 1`;
      const { rows } = await asAdministrator(session, (client) => ask(session, client, sql, [user]));
      return rows.map((row) => textOf(row['right']));
    },
  };
}

/** Sets password and comment in one transaction, so that a user never has another rotation's mark. */
async function change(session: Session, user: string, clauses: readonly string[], mark: string): Promise<void> {
  await asAdministrator(session, async (client) => {
    const role = client.escapeIdentifier(user);
    const statements = [
      ...clauses.map((clause) => `ALTER ROLE ${role} ${clause}`),
      `COMMENT ON ROLE ${role} IS ${client.escapeLiteral(mark)}`,
    ];
    await ask(session, client, 'BEGIN');
    for (const statement of statements) await ask(session, client, statement);
    try {
      await client.query('COMMIT');
    } catch (error) {
      // Only here is the outcome unknown: a connection lost before COMMIT rolls everything back.
      throw unclear({ issuer, provider: session.login.host }, error);
    }
  });
}

async function asAdministrator<Result>(session: Session, act: (client: Client) => Promise<Result>): Promise<Result> {
  const client = await connect(session);
  if (client === null) throw denied(session, wrongPassword);
  return await using(client, () => act(client));
}

async function using<Result>(client: Client, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Opens a session. Returns `null` if the server does not accept user and password. */
async function connect(session: Session): Promise<Client | null> {
  const { login, tls, signal } = session;
  const { Client: Connection } = await driver();
  signal.throwIfAborted();
  const client = new Connection({
    host: login.host,
    port: login.port,
    database: login.database,
    user: login.user,
    password: login.password.reveal(),
    ssl: tls === 'verify' ? { rejectUnauthorized: true } : false,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: connectTimeoutMs,
    application_name: 'keyturn',
  });
  // Without a listener the driver would crash the process when the server hangs up.
  client.on('error', () => undefined);
  const abort = () => void client.end().catch(() => undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (extractErrorCode(error) === wrongPassword) return null;
    throw extractErrorCode(error).startsWith('28')
      ? denied(session, extractErrorCode(error))
      : unreachable({ issuer, provider: login.host }, error);
  }
}

async function ask(session: Session, client: Client, sql: string, values: readonly string[] = []) {
  try {
    return await client.query<Record<string, unknown>>(sql, [...values]);
  } catch (error) {
    const code = extractErrorCode(error);
    if (code === '42501') throw denied(session, code);
    if (/^[0-9A-Z]{5}$/.test(code)) throw refused(session, code);
    throw unreachable({ issuer, provider: session.login.host }, error);
  }
}

async function driver(): Promise<{ readonly Client: typeof Client }> {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new ServiceError('ISSUER_PACKAGE_MISSING', { issuer, package: 'pg' }, { cause });
  }
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : '';
}

function denied({ login }: Session, reason: string): ServiceError {
  return new ServiceError('PROVIDER_ACCESS_DENIED', { issuer, provider: login.host, reason });
}

function refused({ login }: Session, reason: string): ServiceError {
  return new ServiceError('PROVIDER_REQUEST_REFUSED', { issuer, provider: login.host, reason });
}
