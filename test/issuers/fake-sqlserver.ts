import { requireSendTime } from '../../src/issuers/shared/require-send-time.ts';
import type { Session } from '../../src/issuers/databases/database-engine.ts';
import type { ConnectSqlServer, SqlServerSession } from '../../src/issuers/databases/sqlserver-session.ts';
import { ServiceError } from '../../src/service-error.ts';

export interface SqlServerAccount {
  password: string;
  mark: string | null;
  disabled: boolean;
  /** As the comparison of rights words them. */
  rights: string[];
}

interface State {
  readonly accounts: Record<string, SqlServerAccount>;
  /** Rights of the administrator, as HAS_PERMS_BY_NAME knows them. */
  readonly permissions: Set<string>;
  /** Names of users, one a session that is open. */
  readonly sessions: string[];
}

const unescape = (text: string) => text.replaceAll("''", "'");

/**
 * As much of SQL Server as two users need, behind the issuer's own port: it understands each statement of the issuer word
 * for word and refuses every other one with SQL Server's own number.
 */
export function fakeSqlServer(state: State) {
  let calls = 0;
  let losing = false;
  const connect: ConnectSqlServer = (session) => {
    calls += 1;
    const account = state.accounts[session.login.user];
    if (account === undefined || account.password !== session.login.password.reveal())
      return Promise.resolve({ refusedWith: 18456 });
    if (account.disabled) return Promise.resolve({ refusedWith: 18470 });
    return Promise.resolve({ sql: sessionOf(session) });
  };
  return {
    connect,
    calls: () => calls,
    loseNextAnswer: () => {
      losing = true;
    },
  };

  function sessionOf(session: Session): SqlServerSession {
    const { user } = session.login;
    let before: string | null = null;
    return { ask, change, close: () => undefined };

    async function ask(sql: string, values: Readonly<Record<string, string>> = {}) {
      await Promise.resolve();
      if (sql.includes('ORIGINAL_LOGIN()')) return [{ name: user, owner: 0 }];
      if (sql.includes("'VIEW DEFINITION'")) return [{ held: state.permissions.has('VIEW DEFINITION') ? 1 : 0 }];
      if (sql.includes("'VIEW SERVER STATE'")) return [{ held: state.permissions.has('VIEW SERVER STATE') ? 1 : 0 }];
      if (sql.includes('sys.dm_exec_sessions'))
        return state.sessions.flatMap((name, id) => (name === values['user'] ? [{ id }] : []));
      if (sql.includes('sys.database_permissions')) return differences(values['one'] ?? '', values['other'] ?? '');
      if (sql.includes('sys.extended_properties')) {
        const account = state.accounts[values['user'] ?? ''];
        return account === undefined ? [] : [{ name: values['user'], mark: account.mark }];
      }
      if (sql === 'BEGIN TRANSACTION') before = 'open';
      else if (sql.includes('ROLLBACK TRANSACTION')) before = null;
      else if (before === 'open' && sql.startsWith('SELECT')) return requireRight(session, sql);
      else throw refusal(session, 'PROVIDER_REQUEST_REFUSED', 102);
      return [];
    }

    async function change(sql: string) {
      // As the driver's session does right before it sends.
      requireSendTime({ provider: session.login.host }, session.deadline);
      await Promise.resolve();
      if (user !== 'keyturn') throw refusal(session, 'PROVIDER_ACCESS_DENIED', 15151);
      const id = /^KILL (\d+)$/.exec(sql)?.[1];
      if (id !== undefined) {
        if (!state.permissions.has('ALTER ANY CONNECTION')) throw refusal(session, 'PROVIDER_ACCESS_DENIED', 6102);
        state.sessions[Number(id)] = '';
        return;
      }
      alter(session, sql);
      if (!losing) return;
      losing = false;
      throw new ServiceError('PROVIDER_ANSWER_UNCLEAR', {
        issuer: 'sqlserver',
        provider: session.login.host,
        reason: 'ESOCKET',
      });
    }
  }

  function alter(session: Session, sql: string): void {
    const [on, begin, password, ...rest] = sql.split(';\n');
    if (on !== 'SET XACT_ABORT ON' || begin !== 'BEGIN TRANSACTION' || rest.at(-1) !== 'COMMIT TRANSACTION')
      throw refusal(session, 'PROVIDER_REQUEST_REFUSED', 102);
    const [, kind, name = '', value = ''] =
      /^ALTER (USER|LOGIN) \[(\w+)\] WITH PASSWORD = N'((?:[^']|'')*)'$/.exec(password ?? '') ?? [];
    const account = state.accounts[name];
    if (account === undefined) throw refusal(session, 'PROVIDER_REQUEST_REFUSED', 15151);
    const text = unescape(value);
    const classes = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((one) => one.test(text));
    if (classes.length < 3 || text.length < 8) throw refusal(session, 'PROVIDER_REQUEST_REFUSED', 15118);
    const [, state_] = /^ALTER LOGIN \[\w+\] (ENABLE|DISABLE)$/.exec(rest[0] ?? '') ?? [];
    // A contained user has no login that could be switched off.
    if ((kind === 'LOGIN') !== (state_ !== undefined)) throw refusal(session, 'PROVIDER_REQUEST_REFUSED', 102);
    const marked =
      /sp_addextendedproperty @name = N'keyturn', @value = N'((?:[^']|'')*)', @level0type = N'USER', @level0name = N'(\w+)'$/.exec(
        rest.at(-2) ?? '',
      );
    if (marked?.[2] !== name) throw refusal(session, 'PROVIDER_REQUEST_REFUSED', 15135);
    account.password = text;
    account.mark = unescape(marked[1] ?? '');
    if (state_ !== undefined) account.disabled = state_ === 'DISABLE';
  }

  function differences(one: string, other: string) {
    const rights = (name: string) => state.accounts[name]?.rights ?? [];
    const alone = (name: string, others: readonly string[]) =>
      rights(name)
        .filter((what) => !others.includes(what))
        .map((what) => ({ name, what }));
    return [...alone(one, rights(other)), ...alone(other, rights(one))];
  }

  /** `SELECT … FROM table` works for a user with `GRANT SELECT on table`. */
  function requireRight(session: Session, sql: string): [] {
    const table = / FROM ([\w.]+)/.exec(sql)?.[1] ?? '';
    const held = state.accounts[session.login.user]?.rights.includes(`GRANT SELECT on ${table}`) ?? false;
    if (!held) throw refusal(session, 'PROVIDER_ACCESS_DENIED', 229);
    return [];
  }
}

function refusal(
  { login }: Session,
  code: 'PROVIDER_ACCESS_DENIED' | 'PROVIDER_REQUEST_REFUSED',
  number: number,
): ServiceError {
  return new ServiceError(code, { issuer: 'sqlserver', provider: login.host, reason: `SQL_${String(number)}` });
}
