import { createHash } from 'node:crypto';
import { SecretValue } from '../../secrets/secret-value.ts';
import type { DatabaseEngine } from './database-engine.ts';
import { asMysqlAdministrator, passwordPolicyCodes, withMysql } from './mysql-session.ts';
import { alphabets, type RandomBytes, randomText } from '../shared/random-text.ts';

const issuer = 'mariadb';

/**
 * MariaDB from 10.4 on, users `'name'@'%'`. The administrator needs CREATE USER, and SELECT on `mysql` to compare
 * rights. MariaDB stores no comment with a user, so credentials cannot be found by name.
 */
export function mariadbEngine({ randomBytes }: { readonly randomBytes: RandomBytes }): DatabaseEngine {
  return {
    scheme: 'mysql',
    defaultPort: 3306,
    policyCodes: passwordPolicyCodes,
    async signIn(session) {
      const rows = await withMysql(issuer, session, (mysql) => mysql.ask('SELECT CURRENT_USER() AS user'));
      if (rows === null) return { outcome: 'refused' };
      const account = rows[0]?.['user'];
      return { outcome: 'in', user: typeof account === 'string' ? account.replace(/@[^@]*$/, '') : '', notes: [] };
    },
    setPassword: (session, user, password) =>
      asMysqlAdministrator(issuer, session, (mysql) =>
        mysql.change(`ALTER USER ?@'%' IDENTIFIED BY PASSWORD ? ACCOUNT UNLOCK`, [user, nativeHash(password)]),
      ),
    endPassword: (session, user) =>
      asMysqlAdministrator(issuer, session, (mysql) => {
        const nobodys = new SecretValue(randomText(64, alphabets.alphanumeric, randomBytes));
        return mysql.change(`ALTER USER ?@'%' IDENTIFIED BY PASSWORD ? ACCOUNT LOCK`, [user, nativeHash(nobodys)]);
      }),
    rightsOf: (session, user) =>
      asMysqlAdministrator(issuer, session, async (mysql) => {
        const rows = await mysql.ask(`SHOW GRANTS FOR ?@'%'`, [user]);
        const grants = rows.flatMap((row) => Object.values(row)).filter((grant) => typeof grant === 'string');
        // The grantee's name, and the password hash in the USAGE line, always differ.
        return grants.map((grant) => grant.replace(/ TO .*$/, '')).sort();
      }),
  };
}

/** MariaDB's own hash of a password, so that the password appears in no statement, process list or log. */
function nativeHash(password: SecretValue): string {
  const once = createHash('sha1').update(password.reveal()).digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}
