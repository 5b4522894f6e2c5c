import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { type Connection, createServer } from 'mysql2';

interface Account {
  password: string;
  /** The retained password; `null` if there is none. */
  old: string | null;
  attribute: string | null;
}

interface Hello {
  readonly user: string;
  readonly authPluginData1: Buffer;
  readonly authPluginData2: Buffer;
  readonly authToken: Buffer;
}

const accessDenied = { code: 1045, message: 'Access denied' };
const columns = (name: string) => [
  {
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: name,
    characterSet: 45,
    columnLength: 384,
    columnType: 253,
    flags: 0,
    decimals: 0,
  },
];

/**
 * The part of MySQL 8 that dual passwords need, over MySQL's own protocol: accounts `name@%`, sign-in, ALTER USER,
 * attributes.
 */
export async function fakeMysql(
  accounts: Record<string, Account>,
  /** Like validate_password.length. */
  { leastLength = 0 }: { readonly leastLength?: number } = {},
) {
  let sessions = 0;
  const server = createServer((connection: Connection) => {
    sessions += 1;
    let user = '';
    connection.on('error', () => undefined);
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.36',
      connectionId: sessions,
      statusFlags: 2,
      characterSet: 45,
      // Protocol 4.1, secure connection, connect with database, plugin names, transactions.
      capabilityFlags: 0x0008a20f,
      authCallback: (hello: Hello, done: (error: null, refusal?: object) => void) => {
        user = hello.user;
        done(null, isRight(accounts[user], hello) ? undefined : accessDenied);
        connection.sequenceId = 0;
      },
    });
    connection.on('query', (sql: string) => {
      // The driver's server numbers packets across commands; the protocol restarts with each command.
      connection.sequenceId = 1;
      answer(connection, user, sql);
      connection.sequenceId = 0;
    });
  });
  await new Promise<void>((resolve) => {
    tcp().once('listening', resolve);
    server.listen(0);
  });
  return {
    port: (tcp().address() as AddressInfo).port,
    sessions: () => sessions,
    stop: async () => {
      for (const connection of server.connections) connection.destroy();
      await new Promise((resolve) => tcp().close(resolve));
    },
  };

  function tcp(): TcpServer {
    return (server as unknown as { _server: TcpServer })._server;
  }

  function answer(connection: Connection, user: string, sql: string): void {
    if (/^SELECT CURRENT_USER\(\) AS user$/.test(sql)) {
      return connection.writeTextResult([{ user: `${user}@%` }], columns('user'));
    }
    if (/^(?:START TRANSACTION|ROLLBACK)$/.test(sql)) return connection.writeOk();
    if (sql === 'SELECT 1 FROM orders') return connection.writeTextResult([{ one: '1' }], columns('one'));
    if (sql.startsWith('SELECT 1 FROM '))
      return connection.writeError({ code: 1142, message: 'SELECT command denied' });
    // The administrator has no right to see others' sessions.
    if (/FROM INFORMATION_SCHEMA.USER_PRIVILEGES/.test(sql)) return connection.writeTextResult([], columns('held'));
    const asked = /FROM INFORMATION_SCHEMA.USER_ATTRIBUTES WHERE USER = '(\w+)' AND HOST = '%'$/.exec(sql)?.[1];
    if (asked !== undefined) {
      return connection.writeTextResult([{ attribute: accounts[asked]?.attribute ?? null }], columns('attribute'));
    }
    const [, name = '', change = ''] = /^ALTER USER '(\w+)'@'%' (.+)$/s.exec(sql) ?? [];
    const account = accounts[name];
    if (account === undefined) return connection.writeError({ code: 1396, message: 'Operation ALTER USER failed' });
    if (user !== 'keyturn')
      return connection.writeError({ code: 1227, message: 'Access denied; you need CREATE USER' });
    const parts = /^(?:IDENTIFIED BY '([^']*)'( RETAIN CURRENT PASSWORD)?|DISCARD OLD PASSWORD) ATTRIBUTE '(.*)'$/.exec(
      change,
    );
    if (parts === null) return connection.writeError({ code: 1064, message: 'You have an error in your SQL syntax' });
    const [, password, retain, attribute = ''] = parts;
    // validate_password at its level MEDIUM, its default: one of each class.
    const classes = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/];
    const weak = (text: string) => text.length < leastLength || !classes.every((one) => one.test(text));
    if (password !== undefined && password !== 'first-password' && weak(password)) {
      const message = 'Your password does not satisfy the current policy requirements';
      return connection.writeError({ code: 1819, message });
    }
    if (password === undefined) account.old = null;
    else {
      // Without RETAIN the secondary password is unchanged, according to the manual of ALTER USER.
      if (retain !== undefined) account.old = account.password;
      account.password = password;
    }
    // A new attribute is merged into the old; null removes a member.
    const given = JSON.parse(attribute.replaceAll('\\"', '"')) as Record<string, string | null>;
    const merged = { ...(JSON.parse(account.attribute ?? '{}') as Record<string, string | null>), ...given };
    account.attribute = JSON.stringify(
      Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)),
    );
    return connection.writeOk();
  }
}

/** mysql_native_password: the token is SHA1(password) exclusive-or SHA1(seed, SHA1(SHA1(password))). */
function isRight(account: Account | undefined, { authPluginData1, authPluginData2, authToken }: Hello): boolean {
  if (account === undefined) return false;
  const seed = Buffer.concat([authPluginData1, authPluginData2]).subarray(0, 20);
  return [account.password, account.old].some((password) => {
    if (password === null) return false;
    const once = sha1(Buffer.from(password));
    const mask = sha1(Buffer.concat([seed, sha1(once)]));
    const token = Buffer.from(once.map((byte, index) => byte ^ (mask[index] ?? 0)));
    return authToken.length === token.length && timingSafeEqual(token, authToken);
  });
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest();
}
