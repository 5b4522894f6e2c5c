import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { DatabaseEngine, Session, UserOf } from './database-engine.ts';
import { probeField } from './database-target.ts';
import { isMariadbPlugin, type MariadbPlugin, mariadbVerifier } from './mariadb-password.ts';
import { asMysqlAdministrator, type MysqlSession, passwordPolicyCodes } from './mysql-session.ts';
import { type MysqlPlace, signInToMysql, userHostField } from './mysql-sign-in.ts';
import { mysqlSessionsOf } from './mysql-sessions-of.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import { alphabets, type RandomBytes, randomText } from '../shared/random-text.ts';

const issuer = 'mariadb';
// The one length for which the ed25519 plugin's form can be computed; enough for the other plugin too.
const length = 32;

type Account = UserOf<MysqlPlace>;

/**
 * MariaDB from 10.4 on. The administrator needs CREATE USER, and SELECT on `mysql` to compare rights and to keep each
 * user's authentication plugin. MariaDB stores no comment with a user, so credentials cannot be found by name.
 */
export function mariadbEngine({ randomBytes }: { readonly randomBytes: RandomBytes }): DatabaseEngine<MysqlPlace> {
  return {
    scheme: 'mysql',
    defaultPort: 3306,
    password: { length, alphabet: 'alphanumeric', classes: [] },
    fields: { userHost: userHostField, probe: probeField },
    verifiesAddresses: false,
    policyCodes: passwordPolicyCodes,
    signIn: (session, place) => signInToMysql(issuer, session, place),
    setPassword: (session, account, { password }) => change(session, account, password, 'ACCOUNT UNLOCK'),
    endPassword: (session, account) => {
      const unknown = new SecretValue(randomText(length, alphabets.alphanumeric, randomBytes));
      return change(session, account, unknown, 'ACCOUNT LOCK');
    },
    sessionsOf: (session, { name }, end) => mysqlSessionsOf(issuer, session, name, end),
    compareRights: (session, place, users) =>
      asMysqlAdministrator(issuer, session, async (mysql) => {
        const [one, other] = [await grantsOf(mysql, place, users[0]), await grantsOf(mysql, place, users[1])];
        const alone = (name: string, grants: readonly string[], others: readonly string[]) =>
          grants.filter((grant) => !others.includes(grant)).map((grant) => `${name} alone has ${wordsOf(grant)}`);
        return [...alone(users[0], one, other), ...alone(users[1], other, one)];
      }),
  };
}

/** Sets what the account's own plugin stores, so that a user with a stronger plugin keeps it. */
async function change(session: Session, account: Account, password: SecretValue, then: string): Promise<void> {
  await asMysqlAdministrator(issuer, session, async (mysql) => {
    const plugin = await pluginOf(session, mysql, account);
    const verifier = mariadbVerifier(plugin, password);
    if (verifier === null)
      throw stateRefused(session, `${account.name} has the plugin ${plugin}, which needs length ${String(length)}`);
    await mysql.change(`ALTER USER ?@? IDENTIFIED VIA ${plugin} USING ? ${then}`, [
      account.name,
      account.userHost,
      verifier,
    ]);
  });
}

async function pluginOf(session: Session, mysql: MysqlSession, { name, userHost }: Account): Promise<MariadbPlugin> {
  const rows = await mysql.ask('SELECT Priv AS account FROM mysql.global_priv WHERE User = ? AND Host = ?', [
    name,
    userHost,
  ]);
  const stored: unknown = rows[0]?.['account'];
  if (stored === undefined) throw stateRefused(session, `there is no user ${name}@${userHost}`);
  const account = jsonProperties(typeof stored === 'string' ? JSON.parse(stored) : stored);
  const plugin = account.get('plugin');
  // Several plugins: a password of one of them would leave the others as they are.
  if (account.has('auth_or')) throw stateRefused(session, `${name} has several authentication plugins`);
  // An account that never had a password names no plugin: the server's default is the native one.
  const named = typeof plugin === 'string' && plugin !== '' ? plugin : 'mysql_native_password';
  if (isMariadbPlugin(named)) return named;
  throw stateRefused(session, `${name} has an authentication plugin without a password that Keyturn can set`);
}

/** `GRANT SELECT ON shop.*`, and `SET DEFAULT ROLE reader`: without the user's name and its password's hash. */
async function grantsOf(mysql: MysqlSession, { userHost }: MysqlPlace, user: string): Promise<readonly string[]> {
  const rows = await mysql.ask('SHOW GRANTS FOR ?@?', [user, userHost]);
  const grants = rows.flatMap((row) => Object.values(row)).filter((grant) => typeof grant === 'string');
  return grants.map((grant) =>
    grant.replace(/ (?:TO|FOR) `[^`]*`@`[^`]*`(?: IDENTIFIED (?:BY|VIA) .*?(?= REQUIRE | WITH |$))?/, ''),
  );
}

/** A grant for a log: the names in it only as far as they are of ordinary characters. */
function wordsOf(grant: string): string {
  return /^[\w .,()`*'-]{1,120}$/.test(grant) ? grant : 'a further grant';
}

function stateRefused({ login }: Session, reason: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', { issuer, provider: login.host, reason });
}
