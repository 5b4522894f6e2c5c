import type { SecretBinding } from '../../secrets/policy.ts';
import type { ReadSecret } from '../shared/read-secret.ts';
import { targetRefused } from '../shared/target-shape.ts';
import type { Session } from './database-engine.ts';
import { type DatabasePlace, parseLogin } from './database-login.ts';
import type { ServerTls } from './server-tls.ts';
import type { SendDeadline } from '../../rotation/ports/send-deadline.ts';

/** Whose login sets the passwords of a target, and where it is used. */
interface AdministratorOrder {
  readonly issuer: string;
  readonly binding: SecretBinding;
  readonly place: DatabasePlace;
  readonly tls: ServerTls;
  /** The secret that holds the login, as `vault/name`. */
  readonly administrator: string;
  readonly readSecret: ReadSecret;
  readonly signal: AbortSignal;
  readonly deadline: SendDeadline | undefined;
}

/** Reads the login of a target's administrator. @throws ServiceError `ISSUER_TARGET_REFUSED` if it is of another server or database. */
export async function readAdministrator(order: AdministratorOrder): Promise<Session> {
  const { issuer, binding, place, tls, administrator, readSecret, signal, deadline } = order;
  const login = parseLogin(await readSecret(administrator, signal), place);
  if (login !== null) return { login, tls, signal, deadline };
  const reason = "is not a login of the target's server and database";
  throw targetRefused(issuer, binding, 'target.administrator', reason);
}
