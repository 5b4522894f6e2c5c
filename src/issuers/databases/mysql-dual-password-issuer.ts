import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  SessionsLeft,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import type { Session } from './database-engine.ts';
import { readAdministrator } from './database-administrator.ts';
import { type DatabaseLogin, formatLogin, parseLogin } from './database-login.ts';
import { randomPassword } from './database-password.ts';
import { databaseFaults, databaseFields, databasePlace, probeField } from './database-target.ts';
import { asMysqlAdministrator, passwordPolicyCodes } from './mysql-session.ts';
import { mysqlSessionsOf } from './mysql-sessions-of.ts';
import { signInToMysql, userHostField } from './mysql-sign-in.ts';
import { nameFaults, readServerTls } from './server-tls.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import type { ReadSecret } from '../shared/read-secret.ts';
import { refused } from '../shared/refused.ts';
import { withPolicyNamed } from '../shared/refused-by-policy.ts';
import { text } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';

const name = 'mysql-dual-password';
// What validate_password asks for at its default level, MEDIUM, of which 8 characters are the least.
const defaultPassword = { length: 40, alphabet: 'symbols', classes: ['upper', 'lower', 'digit', 'special'] } as const;
const shape = targetShape(
  name,
  {
    ...databaseFields(3306, defaultPassword),
    user: text(/[A-Za-z_][A-Za-z0-9_]{0,31}/, "a user's name"),
    userHost: userHostField,
    probe: probeField,
  },
  (target) => [...databaseFaults(target), ...nameFaults(target)],
);

interface Ports {
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

/**
 * Rotates a user of MySQL 8.0.21 or newer with two passwords: it sets the new one while the old is retained, and
 * revocation discards the old one. The administrator needs CREATE USER and APPLICATION_PASSWORD_ADMIN. The user's
 * ATTRIBUTE names the rotation that set the current password.
 */
export function mysqlDualPasswordIssuer(ports: Ports): CredentialIssuer {
  return {
    name,
    credentialClass: 'chosen',
    check: shape.check,
    propose: ({ binding, current }) => {
      const { user, form, ...rules } = shape.read(binding);
      const password = randomPassword(rules, ports.randomBytes);
      return formatLogin({ ...placeOf(binding), user, password }, form, current);
    },
    issue: (request, proposed) => issue(ports, request, proposed),
    verify,
    describe: async (request) =>
      (await readMark(ports, request)) === credentialName(request.binding, request.rotationId)
        ? { outcome: 'present', credentialId: idOf(request.binding, request.rotationId), value: null }
        : { outcome: 'absent' },
    list: async (binding, signal) => {
      const rotationId = parseCredentialName(await readMark(ports, { binding, signal }), binding);
      return rotationId === null ? [] : [{ credentialId: idOf(binding, rotationId), rotationId }];
    },
    revoke: (request, credentialId) => revoke(ports, request, credentialId),
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(ports: Ports, request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
  const { binding, rotationId } = request;
  const login = proposed === null ? null : loginIn(binding, proposed);
  if (proposed === null || login === null)
    throw targetRefused(name, binding, 'value', "is not a login of the target's user");
  const credential = { credentialId: idOf(binding, rotationId), value: proposed };
  // Setting the same password twice would retain it as the old one and revoke the one that readers use.
  if ((await verify(request, credential)).outcome === 'works') return credential;
  const attribute = JSON.stringify({ keyturn: credentialName(binding, rotationId), 'keyturn-old': 'retained' });
  const administrator = await readSession(ports, request);
  await withPolicyNamed(binding, passwordPolicyCodes, () =>
    asMysqlAdministrator(name, administrator, (mysql) =>
      mysql.change(`ALTER USER ?@? IDENTIFIED BY ? RETAIN CURRENT PASSWORD ATTRIBUTE ?`, [
        login.user,
        shape.read(binding).userHost,
        login.password.reveal(),
        attribute,
      ]),
    ),
  );
  return credential;
}

async function verify({ binding, signal }: IssueRequest, { value }: IssuedCredential): Promise<Verification> {
  const target = shape.read(binding);
  const { host, port, database } = target;
  const login = loginIn(binding, value);
  if (login === null) return refused(false, "it is not a login of the target's user");
  const tls = await readServerTls(name, binding, target);
  const entered = await signInToMysql(name, { login, tls, signal }, target);
  if (entered.outcome === 'refused')
    return refused(entered.authenticated, `the server refuses ${login.user}: ${entered.reason}`);
  if (entered.user !== login.user) return refused(true, 'it belongs to another user');
  return { outcome: 'works', principal: login.user, notes: [`${host}:${String(port)}/${database}`, ...entered.notes] };
}

/** Discards the retained password: the one before the rotation that the user's attribute names. */
async function revoke(
  ports: Ports,
  request: IssueRequest,
  credentialId: string,
): ReturnType<CredentialIssuer['revoke']> {
  const { binding, current } = request;
  const { user, userHost } = shape.read(binding);
  const [named, rotationId = null] = credentialId.split('#');
  if (named !== user) throw targetRefused(name, binding, 'CredentialId', "is not the target's user");
  const { mark, discarded } = await readAttributes(ports, request);
  const administrator = await readSession(ports, request);
  if (rotationId === null || mark !== credentialName(binding, rotationId)) {
    if (discarded) return { outcome: 'absent' };
    await discardOld(administrator, { user, userHost });
    return { outcome: 'revoked', sessions: await sessionsOf(administrator, user, request) };
  }
  // An unpublished password is revoked by setting the one that readers use, which drops both others.
  const back = current === null ? null : loginIn(binding, current);
  if (back === null) throw targetRefused(name, binding, 'value', 'in force is unknown, so nothing could replace it');
  if ((await verify(request, { credentialId, value: current ?? new SecretValue('') })).outcome !== 'works') {
    throw new ServiceError('PROVIDER_STATE_REFUSED', {
      issuer: name,
      provider: back.host,
      reason: 'the value in force does not work',
    });
  }
  await asMysqlAdministrator(name, administrator, (mysql) =>
    mysql.change(`ALTER USER ?@? IDENTIFIED BY ? ATTRIBUTE '{"keyturn": null}'`, [
      user,
      userHost,
      back.password.reveal(),
    ]),
  );
  await discardOld(administrator, { user, userHost });
  return { outcome: 'revoked', sessions: await sessionsOf(administrator, user, request) };
}

/**
 * Both passwords are of one user, so the server does not tell which of them opened a session: all are counted, and in an
 * emergency all are ended. Clients that hold the new password sign in again.
 */
async function sessionsOf(
  administrator: Session,
  user: string,
  { emergency = false }: IssueRequest,
): Promise<SessionsLeft> {
  return await mysqlSessionsOf(name, administrator, user, emergency);
}

async function discardOld(
  administrator: Session,
  { user, userHost }: { readonly user: string; readonly userHost: string },
): Promise<void> {
  const attribute = JSON.stringify({ 'keyturn-old': 'discarded' });
  await asMysqlAdministrator(name, administrator, (mysql) =>
    mysql.change('ALTER USER ?@? DISCARD OLD PASSWORD ATTRIBUTE ?', [user, userHost, attribute]),
  );
}

async function readMark(ports: Ports, asked: Pick<IssueRequest, 'binding' | 'signal'>): Promise<string> {
  return (await readAttributes(ports, asked)).mark;
}

/** Reads which rotation set the current password, and whether the previous one has been discarded since. */
async function readAttributes(
  ports: Ports,
  asked: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<{ readonly mark: string; readonly discarded: boolean }> {
  const { user, userHost } = shape.read(asked.binding);
  const sql = 'SELECT ATTRIBUTE AS attribute FROM INFORMATION_SCHEMA.USER_ATTRIBUTES WHERE USER = ? AND HOST = ?';
  const rows = await asMysqlAdministrator(name, await readSession(ports, asked), (mysql) =>
    mysql.ask(sql, [user, userHost]),
  );
  const attribute: unknown = rows[0]?.['attribute'];
  const given = jsonProperties(typeof attribute === 'string' ? JSON.parse(attribute) : attribute);
  const mark = given.get('keyturn');
  return { mark: typeof mark === 'string' ? mark : '', discarded: given.get('keyturn-old') === 'discarded' };
}

async function readSession(
  { readSecret }: Ports,
  { binding, signal, deadline }: Pick<IssueRequest, 'binding' | 'signal' | 'deadline'>,
): Promise<Session> {
  const target = shape.read(binding);
  const { administrator } = target;
  const tls = await readServerTls(name, binding, target);
  const place = placeOf(binding);
  return await readAdministrator({ issuer: name, binding, place, tls, administrator, readSecret, signal, deadline });
}

function placeOf(binding: SecretBinding) {
  return databasePlace('mysql', shape.read(binding));
}

function loginIn(binding: SecretBinding, value: SecretValue): DatabaseLogin | null {
  const login = parseLogin(value, placeOf(binding));
  return login?.user === shape.read(binding).user ? login : null;
}

function idOf(binding: SecretBinding, rotationId: string): string {
  return `${shape.read(binding).user}#${rotationId}`;
}
