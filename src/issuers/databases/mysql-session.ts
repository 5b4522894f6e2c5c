import type { Connection } from 'mysql2/promise';
import { jsonProperties } from '../../gitea/json-properties.ts';
import { ServiceError } from '../../service-error.ts';
import type { Session } from './database-engine.ts';
import { ed25519Answer } from './mariadb-password.ts';
import { tlsOptions } from './server-tls.ts';
import { requireSendTime } from '../shared/require-send-time.ts';
import { extractErrorCode, unclear, unreachable } from '../shared/provider-fault.ts';

// Access denied, account locked, password expired for this user: codes about the login, not the network.
const refusals = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_ACCOUNT_HAS_BEEN_LOCKED', 'ER_USER_IS_BLOCKED']);
const lockedByNumber = new Set([1045, 3118, 4151]);
/** The codes of password rules that refuse a value: validate_password, simple_password_check, cracklib. */
export const passwordPolicyCodes: readonly string[] = ['ER_NOT_VALID_PASSWORD', 'ER_CANNOT_USER 1819'];
/** The server accepts the login, but the user may not use the database. */
export const noDatabaseAccess = 'ER_DBACCESS_DENIED_ERROR';
// "Operation ALTER USER failed": MariaDB states the reason only in its warnings.
const summary = 'ER_CANNOT_USER';
const connectTimeoutMs = 10_000;

/** One session of a MySQL or MariaDB server. Values go through `?`, which the driver quotes. */
export interface MysqlSession {
  /** Rows of a statement that changes nothing. */
  ask(sql: string, values?: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  /** Runs a statement that changes something. @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` if its answer was lost. */
  change(sql: string, values?: readonly string[]): Promise<void>;
}

/** Opens a session, acts, and closes it. Returns `null` if the server does not accept user and password. */
export async function withMysql<Result>(
  issuer: string,
  session: Session,
  act: (mysql: MysqlSession) => Promise<Result>,
): Promise<Result | null> {
  const { login, signal } = session;
  const connection = await connect(issuer, session);
  if (connection === null) return null;
  const abort = () => connection.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await act({
      ask: async (sql, values = []) => await run(sql, values, false),
      change: async (sql, values = []) => void (await run(sql, values, true)),
    });
  } finally {
    signal.removeEventListener('abort', abort);
    connection.destroy();
  }

  async function run(sql: string, values: readonly string[], changes: boolean) {
    if (changes) requireSendTime({ provider: login.host }, session.deadline);
    try {
      const [rows] = await (connection as Connection).query(sql, [...values]);
      return Array.isArray(rows) ? (rows as readonly Record<string, unknown>[]) : [];
    } catch (error) {
      const code = extractErrorCode(error);
      const details = { issuer, provider: login.host };
      if (/^ER_(?:DBACCESS|TABLEACCESS|SPECIFIC_ACCESS|ACCESS)_DENIED/.test(code)) throw denied(issuer, session, code);
      if (code.startsWith('ER_')) {
        const reason =
          code === summary ? `${code} ${await readConnectionError(connection as Connection)}`.trim() : code;
        throw new ServiceError('PROVIDER_REQUEST_REFUSED', { ...details, reason });
      }
      throw changes ? unclear(details, error) : unreachable(details, error);
    }
  }
}

/**
 * The number of the first error among the last statement's warnings, other than its summary (1396); empty if there is
 * none.
 */
async function readConnectionError(connection: Connection): Promise<string> {
  const [rows] = await connection.query('SHOW WARNINGS').catch(() => [[]]);
  const codes = Array.isArray(rows) ? rows.map((row) => jsonProperties(row).get('Code')) : [];
  const cause = codes.find((code) => typeof code === 'number' && code !== 1396);
  return typeof cause === 'number' ? String(cause) : '';
}

/** Like `withMysql`, but the login must be accepted. */
export async function asMysqlAdministrator<Result>(
  issuer: string,
  session: Session,
  act: (mysql: MysqlSession) => Promise<Result>,
): Promise<Result> {
  const result = await withMysql(issuer, session, async (mysql) => ({ value: await act(mysql) }));
  if (result === null) throw denied(issuer, session, 'ER_ACCESS_DENIED_ERROR');
  return result.value;
}

async function connect(issuer: string, { login, tls, signal }: Session): Promise<Connection | null> {
  const { createConnection } = await driver(issuer);
  if (signal.aborted) throw unreachable({ issuer, provider: login.host }, signal.reason);
  try {
    return await createConnection({
      host: login.host,
      port: login.port,
      database: login.database,
      user: login.user,
      password: login.password.reveal(),
      connectTimeout: connectTimeoutMs,
      multipleStatements: false,
      // MariaDB's plugin, which the driver does not bring along.
      authPlugins: { client_ed25519: () => (nonce: Buffer) => answerEd25519(issuer, login, nonce) },
      // Without `verifyIdentity` the driver takes any certificate of the authority, whatever its name.
      ...(tls === 'off' ? {} : { ssl: { ...tlsOptions(tls), verifyIdentity: true } }),
    });
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const number: unknown = error instanceof Error && 'errno' in error ? error.errno : null;
    if (refusals.has(extractErrorCode(error)) || (typeof number === 'number' && lockedByNumber.has(number)))
      return null;
    // The server has accepted the login by then, so this is no failure of the network.
    if (extractErrorCode(error) === noDatabaseAccess) throw denied(issuer, { login }, noDatabaseAccess);
    throw unreachable({ issuer, provider: login.host }, error);
  }
}

function answerEd25519(issuer: string, { host, user, password }: Session['login'], nonce: Buffer): Buffer {
  const answer = ed25519Answer(password, nonce.subarray(0, 32));
  if (answer !== null) return answer;
  const reason = `${user} has the plugin ed25519, with which Keyturn signs in only if the password has 32 characters`;
  throw new ServiceError('PROVIDER_STATE_REFUSED', { issuer, provider: host, reason });
}

async function driver(issuer: string): Promise<typeof import('mysql2/promise')> {
  try {
    return (await import('mysql2/promise')).default;
  } catch (cause) {
    throw new ServiceError('ISSUER_PACKAGE_MISSING', { issuer, package: 'mysql2' }, { cause });
  }
}

function denied(issuer: string, { login }: Pick<Session, 'login'>, reason: string): ServiceError {
  return new ServiceError('PROVIDER_ACCESS_DENIED', { issuer, provider: login.host, reason });
}
