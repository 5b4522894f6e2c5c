import { ServiceError } from '../../service-error.ts';
import { extractErrorCode } from '../shared/provider-fault.ts';
import type { Session, SignIn } from './database-engine.ts';
import type { ProbePlace } from './database-target.ts';
import { optional, text } from '../shared/target-fields.ts';
import type { MysqlSession } from './mysql-session.ts';
import { noDatabaseAccess, withMysql } from './mysql-session.ts';

/** The further fields of a target of MySQL or MariaDB. */
export interface MysqlPlace extends ProbePlace {
  /** The part of an account after `@`. */
  readonly userHost: string;
}

/** `%`, a host's name, or a network as the server writes it. */
export const userHostField = optional(text(/[\w.:%/-]{1,255}/, "the part of an account after '@'"), '%');

/**
 * Signs in to MySQL or MariaDB and runs the probe. The server looks for the account by the client's address, so another
 * account of the same name may answer: that is a refusal too.
 */
export async function signInToMysql(
  issuer: string,
  session: Session,
  { userHost, probe }: MysqlPlace,
): Promise<SignIn> {
  try {
    const entered = await withMysql(issuer, session, async (mysql) => {
      const rows = await mysql.ask('SELECT CURRENT_USER() AS user');
      return { account: String(rows[0]?.['user']), failed: probe === null ? null : await runProbe(mysql, probe) };
    });
    if (entered === null) return { outcome: 'refused', authenticated: false, reason: 'ER_ACCESS_DENIED_ERROR' };
    const { account, failed } = entered;
    const [user, host] = splitAccount(account);
    if (user === session.login.user && host !== userHost)
      return { outcome: 'refused', authenticated: true, reason: 'it is an account of another host' };
    if (failed !== null) return { outcome: 'refused', authenticated: true, reason: `the probe failed: ${failed}` };
    return { outcome: 'in', user, notes: probe === null ? [] : ['ran the probe'] };
  } catch (error) {
    if (ServiceError.is(error, 'PROVIDER_ACCESS_DENIED') && error.details.reason === noDatabaseAccess)
      return { outcome: 'refused', authenticated: true, reason: noDatabaseAccess };
    throw error;
  }
}

/** Runs the policy's statement and rolls it back. Returns the server's code if it fails, otherwise `null`. */
async function runProbe(mysql: MysqlSession, probe: string): Promise<string | null> {
  try {
    await mysql.ask('START TRANSACTION');
    await mysql.ask(probe);
    return null;
  } catch (error) {
    if (ServiceError.is(error, 'PROVIDER_ACCESS_DENIED') || ServiceError.is(error, 'PROVIDER_REQUEST_REFUSED'))
      return error.details.reason;
    throw error;
  } finally {
    await mysql.ask('ROLLBACK').catch(extractErrorCode);
  }
}

function splitAccount(account: string): readonly [string, string] {
  const at = account.lastIndexOf('@');
  return [account.slice(0, at), account.slice(at + 1)];
}
