import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import type { DatabaseEngine, Session } from './database-engine.ts';
import { readAdministrator } from './database-administrator.ts';
import { type DatabaseLogin, formatLogin, parseLogin } from './database-login.ts';
import { databaseFields, databasePlace, tlsFaults } from './database-target.ts';
import { alphabets, type RandomBytes, randomText } from '../shared/random-text.ts';
import { refused } from '../shared/refused.ts';
import { withPolicyNamed } from '../shared/refused-by-policy.ts';
import { namedSecret, type ReadSecret } from '../shared/read-secret.ts';
import { texts } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';

interface TwoUsersPorts {
  readonly name: string;
  readonly engine: DatabaseEngine;
  /** Reads the administrator's login, which the policy names as `vault/name`. */
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

function twoUsersShape(name: string, engine: DatabaseEngine) {
  return targetShape(
    name,
    { ...databaseFields(engine.defaultPort), users: texts(/[a-z_][a-z0-9_]{0,30}/, 'names of users') },
    (target) => [
      ...tlsFaults(target),
      ...(target.users.length === 2 ? [] : [{ place: 'target.users', reason: 'must name exactly two users' }]),
    ],
  );
}

interface Ports extends TwoUsersPorts {
  readonly shape: ReturnType<typeof twoUsersShape>;
}

/**
 * Alternates between two users of one database with the same rights: the user that is not in force gets a new password
 * and is published; the other keeps its password until it is revoked. No reader is ever refused. The operator creates
 * both users. A credential is named `<user>#<rotation>`; if the server stores a comment with a user, the comment names
 * the rotation too.
 */
export function twoUsersIssuer({ name, engine, readSecret, randomBytes }: TwoUsersPorts): CredentialIssuer {
  const shape = twoUsersShape(name, engine);
  const ports: Ports = { name, engine, readSecret, randomBytes, shape };
  return {
    name,
    credentialClass: 'chosen',
    check: shape.check,
    reads: (binding) => [namedSecret(shape.read(binding).administrator)],
    propose: (request) => propose(ports, request),
    issue: (request, proposed) => issue(ports, request, proposed),
    verify: (request, credential) => verify(ports, request, credential),
    describe: (request) => describe(ports, request),
    list: (binding, signal) => list(ports, binding, signal),
    revoke: (request, credentialId) => revoke(ports, request, credentialId),
    lastUsed: () => Promise.resolve(null),
  };
}

function propose(ports: Ports, { binding, current }: IssueRequest): SecretValue {
  const { place, form, users } = read(ports, binding);
  const inForce = current === null ? null : loginIn(ports, binding, current).user;
  const user = users.find((one) => one !== inForce) ?? '';
  return formatLogin(
    { ...place, user, password: new SecretValue(randomText(40, alphabets.alphanumeric, ports.randomBytes)) },
    form,
    current,
  );
}

async function issue(ports: Ports, request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
  const { binding, rotationId, current } = request;
  ports.shape.read(binding);
  if (proposed === null) throw targetRefused(ports.name, binding, 'value', 'is missing');
  const login = loginIn(ports, binding, proposed);
  // Setting another password for the user in force would revoke the one that readers use.
  const inForce = current === null ? null : loginIn(ports, binding, current);
  if (inForce?.user === login.user && !inForce.password.equals(login.password))
    throw stateRefused(ports, login, 'in force');
  const administrator = await readSession(ports, request);
  const mark = credentialName(binding, rotationId);
  await withPolicyNamed(binding, ports.engine.policyCodes, () =>
    ports.engine.setPassword(administrator, login.user, login.password, mark),
  );
  return { credentialId: `${login.user}#${rotationId}`, value: proposed };
}

async function verify(ports: Ports, request: IssueRequest, { value }: IssuedCredential): Promise<Verification> {
  const { place, tls, users } = read(ports, request.binding);
  const login = parseLogin(value, place);
  if (login === null || !users.includes(login.user)) return refused(false, 'it is not a login of the target');
  const entered = await ports.engine.signIn({ login, tls, signal: request.signal });
  if (entered.outcome === 'refused') return refused(false, `the server refuses ${login.user}`);
  if (entered.user !== login.user) return refused(true, `the server reports user ${entered.user}`);
  const administrator = await readSession(ports, request);
  const [one, other] = await Promise.all(users.map((user) => ports.engine.rightsOf(administrator, user)));
  if (one?.join('\n') !== other?.join('\n')) return refused(true, 'the two users do not have the same rights');
  return {
    outcome: 'works',
    principal: login.user,
    notes: [`${place.host}:${String(place.port)}/${place.database}`, ...entered.notes],
  };
}

async function describe(ports: Ports, request: IssueRequest): ReturnType<CredentialIssuer['describe']> {
  const wanted = credentialName(request.binding, request.rotationId);
  const found = (await marks(ports, request)).find(({ mark }) => mark === wanted);
  if (found === undefined) return { outcome: 'absent' };
  return { outcome: 'present', credentialId: `${found.user}#${request.rotationId}`, value: null };
}

async function list(ports: Ports, binding: SecretBinding, signal: AbortSignal): ReturnType<CredentialIssuer['list']> {
  return (await marks(ports, { binding, signal })).flatMap(({ user, mark }) => {
    const rotationId = parseCredentialName(mark, binding);
    return rotationId === null ? [] : [{ credentialId: `${user}#${rotationId}`, rotationId }];
  });
}

async function revoke(
  ports: Ports,
  request: IssueRequest,
  credentialId: string,
): ReturnType<CredentialIssuer['revoke']> {
  const { binding, current } = request;
  const { users } = read(ports, binding);
  const [user = '', rotationId = null] = credentialId.split('#');
  if (!users.includes(user)) throw targetRefused(ports.name, binding, 'CredentialId', 'is not one of the two users');
  const inForce = current === null ? null : loginIn(ports, binding, current);
  if (inForce?.user === user) throw stateRefused(ports, inForce, 'in force');
  const administrator = await readSession(ports, request);
  const mark = (await ports.engine.markOf?.(administrator, user)) ?? null;
  const ended = `keyturn.${binding.name.toLowerCase()}.ended`;
  // A later rotation has set another password for this user since, or it was already revoked.
  if (mark === ended || (mark !== null && rotationId !== null && mark !== credentialName(binding, rotationId))) {
    return { outcome: 'absent' };
  }
  await ports.engine.endPassword(administrator, user, ended);
  return { outcome: 'revoked' };
}

async function marks(
  ports: Ports,
  asked: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<readonly { user: string; mark: string }[]> {
  const { users } = read(ports, asked.binding);
  const { markOf } = ports.engine;
  if (markOf === undefined) return [];
  const administrator = await readSession(ports, asked);
  const found = await Promise.all(
    users.map(async (user) => ({ user, mark: (await markOf(administrator, user)) ?? '' })),
  );
  return found.filter(({ mark }) => mark !== '');
}

async function readSession(
  ports: Ports,
  { binding, signal }: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<Session> {
  const { place, tls, administrator } = read(ports, binding);
  const { name: issuer, readSecret } = ports;
  return await readAdministrator({ issuer, binding, place, tls, administrator, readSecret, signal });
}

function read(ports: Ports, binding: SecretBinding) {
  const target = ports.shape.read(binding);
  return { ...target, place: databasePlace(ports.engine.scheme, target) };
}

function loginIn(ports: Ports, binding: SecretBinding, value: SecretValue): DatabaseLogin {
  const { place, users } = read(ports, binding);
  const login = parseLogin(value, place);
  if (login === null || !users.includes(login.user))
    throw targetRefused(ports.name, binding, 'value', "is not a login of one of the target's users");
  return login;
}

function stateRefused(ports: Ports, { user, host }: DatabaseLogin, state: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', {
    issuer: ports.name,
    provider: host,
    reason: `${user} is ${state}`,
  });
}
