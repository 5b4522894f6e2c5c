import type { SessionsLeft } from '../../rotation/ports/credential-issuer.ts';
import { ServiceError } from '../../service-error.ts';
import type { Session } from './database-engine.ts';
import { asMysqlAdministrator, type MysqlSession } from './mysql-session.ts';

/**
 * Counts the sessions of a user of MySQL or MariaDB and, if told to, ends them. Without the right PROCESS the server
 * lists an administrator's own sessions alone, so nothing is counted then. To end others' sessions the administrator
 * needs CONNECTION_ADMIN (MySQL) or CONNECTION ADMIN (MariaDB); without it they stay open.
 */
export async function mysqlSessionsOf(
  issuer: string,
  administrator: Session,
  user: string,
  end: boolean,
): Promise<SessionsLeft> {
  return await asMysqlAdministrator(issuer, administrator, async (mysql) => {
    const rights = await mysql.ask(
      `SELECT 1 AS held FROM INFORMATION_SCHEMA.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN ('PROCESS', 'SUPER')
       AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')`,
    );
    if (rights.length === 0) return { ended: 0, open: null };
    const sessions = await mysql.ask('SELECT ID AS id FROM INFORMATION_SCHEMA.PROCESSLIST WHERE USER = ?', [user]);
    let ended = 0;
    for (const { id } of end ? sessions : []) ended += (await endOne(mysql, String(id))) ? 1 : 0;
    return { ended, open: sessions.length - ended };
  });
}

/** Returns false if the server refuses, because the right is missing or the session is gone. */
async function endOne(mysql: MysqlSession, id: string): Promise<boolean> {
  if (!/^\d{1,20}$/.test(id)) return false;
  try {
    await mysql.change(`KILL CONNECTION ${id}`);
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'PROVIDER_ACCESS_DENIED') || ServiceError.is(error, 'PROVIDER_REQUEST_REFUSED'))
      return false;
    throw error;
  }
}
