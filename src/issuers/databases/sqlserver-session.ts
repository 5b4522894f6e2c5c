import { isIP } from 'node:net';
import type { Connection } from 'tedious';
import { ServiceError } from '../../service-error.ts';
import type { Session } from './database-engine.ts';
import { tlsOptions } from './server-tls.ts';
import { requireSendTime } from '../shared/require-send-time.ts';
import { unclear, unreachable } from '../shared/provider-fault.ts';

const issuer = 'sqlserver';
const timeoutMs = 10_000;
// Permission denied on an object, to alter a principal, to run an action, and to view the server's state.
const missingRights = new Set([229, 262, 297, 300, 15151, 15247]);

type SqlServerRow = Readonly<Record<string, unknown>>;

/** One session of SQL Server or Azure SQL. Errors carry the server's number as `SQL_15118`, none of its text. */
export interface SqlServerSession {
  /** Rows of statements that change nothing. `values` are sent as parameters. */
  ask(sql: string, values?: Readonly<Record<string, string>>): Promise<readonly SqlServerRow[]>;
  /**
   * Runs statements that change something, as one batch. @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` if the answer
   * was lost.
   */
  change(sql: string): Promise<void>;
  close(): void;
}

/** Opens a session. Returns the server's number if it refuses the login. Any other failure is thrown. */
export type ConnectSqlServer = (
  session: Session,
) => Promise<{ readonly sql: SqlServerSession } | { readonly refusedWith: number }>;

/**
 * 18456 login failed, 18470 disabled, 18486 locked out, 18487 expired, 18488 must be changed, 4060 the database may not be
 * opened. Source: SQL Server, "Database Engine errors".
 */
const loginRefusals = new Set([18456, 18470, 18486, 18487, 18488, 4060]);

/** Connects with the driver, which is loaded only here. */
export const connectSqlServer: ConnectSqlServer = async (session) => {
  const { login, tls, signal } = session;
  const tedious = await driver();
  if (signal.aborted) throw unreachable({ issuer, provider: login.host }, signal.reason);
  const connection = new tedious.Connection({
    server: login.host,
    authentication: { type: 'default', options: { userName: login.user, password: login.password.reveal() } },
    options: {
      port: login.port,
      database: login.database,
      appName: 'keyturn',
      encrypt: tls !== 'off',
      trustServerCertificate: false,
      ...(isIP(login.host) === 0 ? { serverName: login.host } : {}),
      ...(tls === 'off' || tls.authority === null ? {} : { cryptoCredentialsDetails: tlsOptions(tls) }),
      connectTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      // The driver must not repeat anything.
      maxRetriesOnTransientErrors: 0,
      useColumnNames: true,
    },
  });
  // The driver's own error has no number; this event of the same message does.
  const numbers: number[] = [];
  connection.on('errorMessage', ({ number }: { readonly number: number }) => void numbers.push(number));
  connection.on('error', () => undefined);
  const abort = () => connection.close();
  signal.addEventListener('abort', abort, { once: true });
  connection.on('end', () => signal.removeEventListener('abort', abort));
  const failure = await new Promise<Error | undefined>((resolve) => {
    connection.connect((error) => {
      resolve(error ?? undefined);
    });
  });
  if (failure === undefined) return { sql: wrapConnection(session, tedious, connection, numbers) };
  connection.close();
  const refusedWith = numbers.find((number) => loginRefusals.has(number));
  if (refusedWith !== undefined) return { refusedWith };
  throw unreachable({ issuer, provider: login.host }, failure);
};

function wrapConnection(
  { login, deadline }: Session,
  tedious: typeof import('tedious'),
  connection: Connection,
  numbers: number[],
): SqlServerSession {
  return {
    ask: (sql, values = {}) => run(sql, values, false),
    change: async (sql) => void (await run(sql, {}, true)),
    close: () => connection.close(),
  };

  async function run(sql: string, values: Readonly<Record<string, string>>, changes: boolean) {
    if (changes) requireSendTime({ provider: login.host }, deadline);
    numbers.length = 0;
    const rows: SqlServerRow[] = [];
    const failure = await new Promise<Error | undefined>((resolve) => {
      const request = new tedious.Request(sql, (error) => {
        resolve(error ?? undefined);
      });
      request.on('row', (columns: Readonly<Record<string, { readonly value: unknown }>>) => {
        rows.push(Object.fromEntries(Object.entries(columns).map(([name, { value }]) => [name, value])));
      });
      for (const [name, value] of Object.entries(values)) request.addParameter(name, tedious.TYPES.NVarChar, value);
      if (Object.keys(values).length === 0) connection.execSqlBatch(request);
      else connection.execSql(request);
    });
    if (failure === undefined) return rows;
    const details = { issuer, provider: login.host };
    const [number] = numbers;
    if (number === undefined) throw changes ? unclear(details, failure) : unreachable(details, failure);
    throw new ServiceError(missingRights.has(number) ? 'PROVIDER_ACCESS_DENIED' : 'PROVIDER_REQUEST_REFUSED', {
      ...details,
      reason: `SQL_${String(number)}`,
    });
  }
}

async function driver(): Promise<typeof import('tedious')> {
  try {
    return await import('tedious');
  } catch (cause) {
    throw new ServiceError('ISSUER_PACKAGE_MISSING', { issuer, package: 'tedious' }, { cause });
  }
}
