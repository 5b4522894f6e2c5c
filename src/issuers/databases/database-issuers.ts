import type { CredentialIssuer } from '../../rotation/ports/credential-issuer.ts';
import { mariadbEngine } from './mariadb-engine.ts';
import { mysqlDualPasswordIssuer } from './mysql-dual-password-issuer.ts';
import { postgresqlEngine } from './postgresql-engine.ts';
import { redisAclIssuer } from './redis-acl-issuer.ts';
import { sqlServerEngine } from './sqlserver-engine.ts';
import { twoUsersIssuer } from './two-users-issuer.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import type { ReadSecret } from '../shared/read-secret.ts';

interface Ports {
  /** Reads an administrator's login. */
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

/** Makes each issuer of a database server's logins, by its name. All are of class `chosen`. */
export const databaseIssuers: Readonly<Record<string, (ports: Ports) => CredentialIssuer>> = {
  postgresql: (ports) =>
    twoUsersIssuer({ ...ports, name: 'postgresql', engine: postgresqlEngine({ randomBytes: ports.randomBytes }) }),
  mariadb: (ports) =>
    twoUsersIssuer({ ...ports, name: 'mariadb', engine: mariadbEngine({ randomBytes: ports.randomBytes }) }),
  sqlserver: (ports) =>
    twoUsersIssuer({ ...ports, name: 'sqlserver', engine: sqlServerEngine({ randomBytes: ports.randomBytes }) }),
  'mysql-dual-password': mysqlDualPasswordIssuer,
  'redis-acl': redisAclIssuer,
};
