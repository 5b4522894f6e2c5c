import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { DatabaseEngine, Session, SignIn, UserOf } from './database-engine.ts';
import { randomPassword } from './database-password.ts';
import { probeField, type ProbePlace } from './database-target.ts';
import { sqlServerRightsSql } from './sqlserver-rights.ts';
import { type ConnectSqlServer, connectSqlServer, type SqlServerSession } from './sqlserver-session.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { oneOf, optional } from '../shared/target-fields.ts';

const issuer = 'sqlserver';
// Windows asks for three of four classes where CHECK_POLICY is on; Azure SQL asks the same.
const password = { length: 40, alphabet: 'symbols', classes: ['upper', 'lower', 'digit', 'special'] } as const;
// Too short, too long, not complex enough, refused by a filter, used before; and Azure SQL's own number.
const policyCodes = ['SQL_15114', 'SQL_15115', 'SQL_15116', 'SQL_15117', 'SQL_15118', 'SQL_15119', 'SQL_40632'];
const cannotOpenDatabase = 4060;

interface SqlServerPlace extends ProbePlace {
  /** Whether the password is of the database's own user, or of a login of the server. */
  readonly account: 'database' | 'server';
}

type Account = UserOf<SqlServerPlace>;

interface Ports {
  readonly randomBytes: RandomBytes;
  /** Defaults to the driver. */
  readonly connect?: ConnectSqlServer;
}

/**
 * SQL Server from 2016 on, and Azure SQL. Contained users (`account: database`) live in the database alone, as Azure SQL
 * wants them; with `account: server` each user belongs to a login of the same name. The administrator needs to alter
 * both, and VIEW DEFINITION to compare their rights. A user's extended property `keyturn` names the rotation that set
 * its password.
 */
export function sqlServerEngine({ randomBytes, connect = connectSqlServer }: Ports): DatabaseEngine<SqlServerPlace> {
  return {
    scheme: 'sqlserver',
    defaultPort: 1433,
    password,
    fields: { account: optional(oneOf(['database', 'server']), 'database'), probe: probeField },
    verifiesAddresses: false,
    policyCodes,
    signIn: (session, place) => signIn(connect, session, place),
    setPassword: (session, account, set) =>
      asAdministrator(connect, session, (sql) =>
        sql.change(batchOf(account, set.password, account.account === 'server' ? 'ENABLE' : null, set.mark)),
      ),
    endPassword: (session, account, mark) =>
      asAdministrator(connect, session, (sql) => {
        const unknown = randomPassword(password, randomBytes);
        return sql.change(batchOf(account, unknown, account.account === 'server' ? 'DISABLE' : null, mark));
      }),
    sessionsOf: (session, { name }, end) => asAdministrator(connect, session, (sql) => sessionsOf(sql, name, end)),
    markOf: (session, { name }) => asAdministrator(connect, session, (sql) => readMark(session, sql, name)),
    compareRights: (session, _, [one, other]) =>
      asAdministrator(connect, session, async (sql) => {
        const asked = "SELECT HAS_PERMS_BY_NAME(NULL, 'DATABASE', 'VIEW DEFINITION') AS held";
        // Without it the catalogues leave out rights, so that users without anything in common would look the same.
        if ((await sql.ask(asked))[0]?.['held'] !== 1) throw denied(session, 'VIEW DEFINITION is missing');
        const rows = await sql.ask(sqlServerRightsSql, { one, other });
        return rows.map(({ name, what }) => `${textOf(name)} alone has ${wordsOf(what)}`);
      }),
  };
}

/**
 * Password and mark in one transaction, so that a user never has another rotation's mark. These statements take no
 * parameters; SQL Server leaves the password out of its traces.
 */
function batchOf(
  { name, account }: Account,
  value: SecretValue,
  then: 'ENABLE' | 'DISABLE' | null,
  mark: string,
): string {
  const kind = account === 'server' ? 'LOGIN' : 'USER';
  const [user, property] = [quoteText(name), "@name = N'keyturn'"];
  const where = `@level0type = N'USER', @level0name = ${user}`;
  return [
    'SET XACT_ABORT ON',
    'BEGIN TRANSACTION',
    `ALTER ${kind} ${quoteName(name)} WITH PASSWORD = ${quoteText(value.reveal())}`,
    ...(then === null ? [] : [`ALTER LOGIN ${quoteName(name)} ${then}`]),
    `IF EXISTS (SELECT 1 FROM sys.extended_properties WHERE class = 4 AND name = N'keyturn'
       AND major_id = DATABASE_PRINCIPAL_ID(${user}))
       EXEC sys.sp_updateextendedproperty ${property}, @value = ${quoteText(mark)}, ${where}
     ELSE EXEC sys.sp_addextendedproperty ${property}, @value = ${quoteText(mark)}, ${where}`,
    'COMMIT TRANSACTION',
  ].join(';\n');
}

async function readMark(session: Session, sql: SqlServerSession, user: string): Promise<string | null> {
  const rows = await sql.ask(
    `SELECT p.name, CAST(e.value AS nvarchar(400)) AS mark FROM sys.database_principals p
     LEFT JOIN sys.extended_properties e ON e.class = 4 AND e.name = N'keyturn' AND e.major_id = p.principal_id
     WHERE p.name = @user`,
    { user },
  );
  const [row] = rows;
  if (row === undefined) throw stateRefused(session, `user ${user} does not exist`);
  return textOf(row['mark']) === '' ? null : textOf(row['mark']);
}

async function signIn(connect: ConnectSqlServer, session: Session, { probe }: SqlServerPlace): Promise<SignIn> {
  const opened = await connect(session);
  if ('refusedWith' in opened) {
    const { refusedWith } = opened;
    return {
      outcome: 'refused',
      authenticated: refusedWith === cannotOpenDatabase,
      reason: `SQL_${String(refusedWith)}`,
    };
  }
  const { sql } = opened;
  try {
    const [row] = await sql.ask("SELECT ORIGINAL_LOGIN() AS name, IS_MEMBER('db_owner') AS owner");
    const failed = probe === null ? null : await runProbe(sql, probe);
    if (failed !== null) return { outcome: 'refused', authenticated: true, reason: `the probe failed: ${failed}` };
    const notes = [
      ...(row?.['owner'] === 1 ? ['the user is an owner of the database'] : []),
      ...(probe === null ? [] : ['ran the probe']),
    ];
    return { outcome: 'in', user: textOf(row?.['name']), notes };
  } finally {
    sql.close();
  }
}

/** Runs the policy's statement and rolls it back. Returns the server's number if it fails, otherwise `null`. */
async function runProbe(sql: SqlServerSession, probe: string): Promise<string | null> {
  await sql.ask('BEGIN TRANSACTION');
  try {
    await sql.ask(probe);
    return null;
  } catch (error) {
    if (ServiceError.is(error, 'PROVIDER_ACCESS_DENIED') || ServiceError.is(error, 'PROVIDER_REQUEST_REFUSED'))
      return error.details.reason;
    throw error;
  } finally {
    await sql.ask('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION').catch(() => []);
  }
}

/** Without one of these rights the server lists an administrator's own sessions alone, so nothing is counted then. */
async function sessionsOf(sql: SqlServerSession, user: string, end: boolean): ReturnType<DatabaseEngine['sessionsOf']> {
  const [row] = await sql.ask(
    `SELECT CASE WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1
       OR HAS_PERMS_BY_NAME(NULL, 'DATABASE', 'VIEW DATABASE STATE') = 1 THEN 1 ELSE 0 END AS held`,
  );
  if (row?.['held'] !== 1) return { ended: 0, open: null };
  const listed = 'SELECT session_id AS id FROM sys.dm_exec_sessions WHERE original_login_name = @user';
  const sessions = await sql.ask(listed, { user });
  let ended = 0;
  for (const { id } of end ? sessions : []) ended += (await endOne(sql, Number(id))) ? 1 : 0;
  return { ended, open: sessions.length - ended };
}

/** Returns false if the server refuses, because the right is missing or the session is gone. */
async function endOne(sql: SqlServerSession, id: number): Promise<boolean> {
  if (!Number.isSafeInteger(id)) return false;
  try {
    await sql.change(`KILL ${String(id)}`);
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'PROVIDER_ACCESS_DENIED') || ServiceError.is(error, 'PROVIDER_REQUEST_REFUSED'))
      return false;
    throw error;
  }
}

async function asAdministrator<Result>(
  connect: ConnectSqlServer,
  session: Session,
  act: (sql: SqlServerSession) => Promise<Result>,
): Promise<Result> {
  const opened = await connect(session);
  if ('refusedWith' in opened) throw denied(session, `SQL_${String(opened.refusedWith)}`);
  try {
    return await act(opened.sql);
  } finally {
    opened.sql.close();
  }
}

function quoteName(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

function quoteText(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

/** A right for a log: the names in it only as far as they are of ordinary characters. */
function wordsOf(what: unknown): string {
  const text = textOf(what);
  return /^[\w .,()$#-]{1,200}$/.test(text) ? text : 'a further right';
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : '';
}

function denied({ login }: Session, reason: string): ServiceError {
  return new ServiceError('PROVIDER_ACCESS_DENIED', { issuer, provider: login.host, reason });
}

function stateRefused({ login }: Session, reason: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', { issuer, provider: login.host, reason });
}
