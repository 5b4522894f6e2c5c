import type { Client } from 'pg';
import { ServiceError } from '../../service-error.ts';
import type { DatabaseEngine, Session } from './database-engine.ts';
import { plainPassword, probeField, type ProbePlace } from './database-target.ts';
import { describeRights, rightsDifferenceSql } from './postgresql-rights.ts';
import { scramVerifier } from './scram-verifier.ts';
import { tlsOptions } from './server-tls.ts';
import { extractErrorCode, unclear, unreachable } from '../shared/provider-fault.ts';
import { requireSendTime } from '../shared/require-send-time.ts';
import type { RandomBytes } from '../shared/random-text.ts';

const issuer = 'postgresql';
// invalid_password: the only code that is about the password. 28000 may also mean a missing line in pg_hba.conf.
const wrongPassword = '28P01';
const noSuchRight = '42501';
// invalid_parameter_value: the answer of passwordcheck and similar modules to ALTER ROLE. Source:
// contrib/passwordcheck.
const policyCodes = ['22023'];

/**
 * PostgreSQL from version 10 on. The administrator needs CREATEROLE, and from 16 on the ADMIN option on both users.
 * `answerWithinMs`: how long a connection and each statement may take; 10 seconds by default.
 */
export function postgresqlEngine({
  randomBytes,
  answerWithinMs = 10_000,
}: {
  readonly randomBytes: RandomBytes;
  readonly answerWithinMs?: number;
}): DatabaseEngine<ProbePlace> {
  const within = (session: Session): TimedSession => ({ ...session, answerWithinMs });
  return {
    scheme: 'postgresql',
    defaultPort: 5432,
    password: plainPassword,
    fields: { probe: probeField },
    verifiesAddresses: true,
    policyCodes,
    signIn: (session, { probe }) => signIn(within(session), probe),
    setPassword: (session, { name }, { password, mark }) =>
      change(within(session), name, [`LOGIN PASSWORD '${scramVerifier(password, randomBytes(16))}'`], mark),
    endPassword: (session, { name }, mark) => change(within(session), name, ['PASSWORD NULL'], mark),
    sessionsOf: (session, { name }, end) => sessionsOf(within(session), name, end),
    markOf: async (session, { name }) => {
      const sql = "select shobj_description(oid, 'pg_authid') as mark from pg_roles where rolname = $1";
      const rows = await asAdministrator(within(session), (client) => ask(session, client, sql, [name]));
      const [row] = rows.rows;
      if (row === undefined) throw refused(session, `role ${name} does not exist`);
      return textOf(row['mark']) === '' ? null : textOf(row['mark']);
    },
    compareRights: async (session, _, users) => {
      const { rows } = await asAdministrator(within(session), (client) =>
        ask(session, client, rightsDifferenceSql, users),
      );
      return describeRights(
        rows.map((row) => ({ name: textOf(row['name']), word: textOf(row['word']), object: textOf(row['object']) })),
      );
    },
  };
}

interface TimedSession extends Session {
  readonly answerWithinMs: number;
}

/** Compares nothing but the login itself: a user may act as another role from its first statement on (`SET ROLE`). */
async function signIn(session: TimedSession, probe: string | null): ReturnType<DatabaseEngine['signIn']> {
  const client = await connect(session);
  if (client === null) return { outcome: 'refused', authenticated: false, reason: wrongPassword };
  if (client === noSuchRight) return { outcome: 'refused', authenticated: true, reason: `${client} on the database` };
  return await using(client, async () => {
    const sql = `select session_user::text as name, current_user::text as role, r.rolsuper as super
                 from pg_roles r where rolname = current_user`;
    const { rows } = await ask(session, client, sql);
    const [row] = rows;
    const [user, role] = [textOf(row?.['name']), textOf(row?.['role'])];
    const failed = probe === null ? null : await runProbe(session, client, probe);
    if (failed !== null) return { outcome: 'refused', authenticated: true, reason: `the probe failed: ${failed}` };
    const notes = [
      ...(role === user ? [] : [`acts as ${role}`]),
      ...(row?.['super'] === true ? ['the user is a superuser'] : []),
      ...(probe === null ? [] : ['ran the probe']),
    ];
    return { outcome: 'in', user, notes };
  });
}

/** Runs the policy's statement and rolls it back. Returns the server's code if it fails, otherwise `null`. */
async function runProbe(session: Session, client: Client, probe: string): Promise<string | null> {
  await ask(session, client, 'BEGIN');
  try {
    await client.query(probe);
    return null;
  } catch (error) {
    if (isServerCode(extractErrorCode(error))) return extractErrorCode(error);
    throw unreachable({ issuer, provider: session.login.host }, error);
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/**
 * Every role may count the sessions of every other. To end them, the administrator must be a member of the user's role
 * or of `pg_signal_backend`; without that they are counted as open.
 */
async function sessionsOf(session: TimedSession, user: string, end: boolean): ReturnType<DatabaseEngine['sessionsOf']> {
  const from = 'from pg_stat_activity where usename = $1 and pid <> pg_backend_pid()';
  return await asAdministrator(session, async (client) => {
    // Without the offset the planner may end sessions of other users before it compares their names.
    const kill = `select pid from (select pid ${from} offset 0) theirs where pg_terminate_backend(pid)`;
    const ended = end ? await ask(session, client, kill, [user]).catch(noneIfDenied) : none;
    // A session that was told to end may take a moment to leave the list.
    const pids = `{${ended.rows.map((row) => String(row['pid'])).join()}}`;
    const left = await ask(session, client, `select pid ${from} and pid <> all ($2::int[])`, [user, pids]);
    return { ended: ended.rows.length, open: left.rows.length };
  });
}

const none: { readonly rows: readonly Record<string, unknown>[] } = { rows: [] };

function noneIfDenied(error: unknown): typeof none {
  if (ServiceError.is(error, 'PROVIDER_ACCESS_DENIED')) return none;
  throw error;
}

/** Sets password and comment in one transaction, so that a user never has another rotation's mark. */
async function change(session: TimedSession, user: string, clauses: readonly string[], mark: string): Promise<void> {
  await asAdministrator(session, async (client) => {
    const role = client.escapeIdentifier(user);
    const statements = [
      ...clauses.map((clause) => `ALTER ROLE ${role} ${clause}`),
      `COMMENT ON ROLE ${role} IS ${client.escapeLiteral(mark)}`,
    ];
    await ask(session, client, 'BEGIN');
    for (const statement of statements) await ask(session, client, statement);
    requireSendTime({ provider: session.login.host }, session.deadline);
    try {
      await client.query('COMMIT');
    } catch (error) {
      // Only here is the outcome unknown: a connection lost before COMMIT rolls everything back.
      throw unclear({ issuer, provider: session.login.host }, error);
    }
  });
}

async function asAdministrator<Result>(
  session: TimedSession,
  act: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(session);
  if (client === null || client === noSuchRight) throw denied(session, client ?? wrongPassword);
  return await using(client, () => act(client));
}

async function using<Result>(client: Client, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Opens a session. Returns `null` if the server does not accept user and password, and its code if it accepts them but
 * the user may not use the database.
 */
async function connect(session: TimedSession): Promise<Client | null | typeof noSuchRight> {
  const { login, tls, signal } = session;
  const { Client: Connection } = await driver();
  signal.throwIfAborted();
  const client = new Connection({
    host: login.host,
    port: login.port,
    database: login.database,
    user: login.user,
    password: login.password.reveal(),
    ssl: tls === 'off' ? false : tlsOptions(tls),
    connectionTimeoutMillis: session.answerWithinMs,
    query_timeout: session.answerWithinMs,
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
    const code = extractErrorCode(error);
    if (code === wrongPassword) return null;
    if (code === noSuchRight) return noSuchRight;
    throw code.startsWith('28') ? denied(session, code) : unreachable({ issuer, provider: login.host }, error);
  }
}

async function ask(session: Session, client: Client, sql: string, values: readonly string[] = []) {
  try {
    return await client.query<Record<string, unknown>>(sql, [...values]);
  } catch (error) {
    const code = extractErrorCode(error);
    if (code === noSuchRight) throw denied(session, code);
    if (isServerCode(code)) throw refused(session, code);
    throw unreachable({ issuer, provider: session.login.host }, error);
  }
}

function isServerCode(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
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
