import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import type { DatabaseEngine, Session } from './database-engine.ts';
import { readAdministrator } from './database-administrator.ts';
import { type DatabaseLogin, formatLogin, parseLogin } from './database-login.ts';
import { randomPassword } from './database-password.ts';
import { databasePlace } from './database-target.ts';
import { readServerTls } from './server-tls.ts';
import { type TwoUsersTarget, twoUsersTarget } from './two-users-target.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { refused } from '../shared/refused.ts';
import { withPolicyNamed } from '../shared/refused-by-policy.ts';
import type { ReadSecret } from '../shared/read-secret.ts';
import { targetRefused } from '../shared/target-shape.ts';

interface TwoUsersPorts<Place> {
  readonly name: string;
  readonly engine: DatabaseEngine<Place>;
  /** Reads the administrator's login, which the policy names as `vault/name`. */
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

interface Ports<Place> extends TwoUsersPorts<Place> {
  readonly target: TwoUsersTarget<Place>;
}

// More would not help a person, and a journal entry stays short.
const mostDifferences = 3;

/**
 * Alternates between two users of one database that can do the same: the user that is not in force gets a new password
 * and is published; the other keeps its password until it is revoked. No reader is ever refused. The operator creates
 * both users. A credential is named `<user>#<rotation>`; if the server stores a comment with a user, the comment names
 * the rotation too.
 */
export function twoUsersIssuer<Place>(given: TwoUsersPorts<Place>): CredentialIssuer {
  const { name, engine } = given;
  const ports: Ports<Place> = { ...given, target: twoUsersTarget(name, engine) };
  return {
    name,
    credentialClass: 'chosen',
    check: ports.target.check,
    propose: (request) => propose(ports, request),
    issue: (request, proposed) => issue(ports, request, proposed),
    verify: (request, credential) => verify(ports, request, credential),
    describe: (request) => describe(ports, request),
    list: (binding, signal) => list(ports, binding, signal),
    revoke: (request, credentialId) => revoke(ports, request, credentialId),
    lastUsed: () => Promise.resolve(null),
  };
}

function propose<Place>(ports: Ports<Place>, { binding, current }: IssueRequest): SecretValue {
  const { place, form, users, password } = read(ports, binding);
  const inForce = current === null ? null : loginIn(ports, binding, current).user;
  const user = users.find((one) => one !== inForce) ?? '';
  return formatLogin({ ...place, user, password: randomPassword(password, ports.randomBytes) }, form, current);
}

async function issue<Place>(
  ports: Ports<Place>,
  request: IssueRequest,
  proposed: SecretValue | null,
): Promise<IssuedCredential> {
  const { binding, rotationId, current } = request;
  const { further } = read(ports, binding);
  if (proposed === null) throw targetRefused(ports.name, binding, 'value', 'is missing');
  const login = loginIn(ports, binding, proposed);
  // Setting another password for the user in force would revoke the one that readers use.
  const inForce = current === null ? null : loginIn(ports, binding, current);
  if (inForce?.user === login.user && !inForce.password.equals(login.password))
    throw stateRefused(ports, login, 'in force');
  const administrator = await readSession(ports, request);
  const set = { password: login.password, mark: credentialName(binding, rotationId) };
  await withPolicyNamed(binding, ports.engine.policyCodes, () =>
    ports.engine.setPassword(administrator, { ...further, name: login.user }, set),
  );
  return { credentialId: `${login.user}#${rotationId}`, value: proposed };
}

async function verify<Place>(
  ports: Ports<Place>,
  { binding, signal }: IssueRequest,
  { value }: IssuedCredential,
): Promise<Verification> {
  const { engine, name } = ports;
  const { place, users, further, ...target } = read(ports, binding);
  const login = parseLogin(value, place);
  if (login === null || !users.includes(login.user)) return refused(false, 'it is not a login of the target');
  const tls = await readServerTls(name, binding, target);
  const entered = await engine.signIn({ login, tls, signal }, further);
  if (entered.outcome === 'refused')
    return refused(entered.authenticated, `the server refuses ${login.user}: ${entered.reason}`);
  if (entered.user !== login.user) return refused(true, `the server reports user ${entered.user}`);
  const administrator = await readSession(ports, { binding, signal });
  const differences = await engine.compareRights(administrator, further, users);
  if (differences.length > 0) return refused(true, describeDifferences(differences));
  return {
    outcome: 'works',
    principal: login.user,
    notes: [`${place.host}:${String(place.port)}/${place.database}`, ...entered.notes],
  };
}

function describeDifferences(differences: readonly string[]): string {
  const more = differences.length - mostDifferences;
  const some = differences.slice(0, mostDifferences).join('; ');
  return `the two users cannot do the same: ${some}${more > 0 ? `; and ${String(more)} more` : ''}`;
}

async function describe<Place>(ports: Ports<Place>, request: IssueRequest): ReturnType<CredentialIssuer['describe']> {
  const wanted = credentialName(request.binding, request.rotationId);
  const found = (await marks(ports, request)).find(({ mark }) => mark === wanted);
  if (found === undefined) return { outcome: 'absent' };
  return { outcome: 'present', credentialId: `${found.user}#${request.rotationId}`, value: null };
}

async function list<Place>(
  ports: Ports<Place>,
  binding: SecretBinding,
  signal: AbortSignal,
): ReturnType<CredentialIssuer['list']> {
  return (await marks(ports, { binding, signal })).flatMap(({ user, mark }) => {
    const rotationId = parseCredentialName(mark, binding);
    return rotationId === null ? [] : [{ credentialId: `${user}#${rotationId}`, rotationId }];
  });
}

async function revoke<Place>(
  ports: Ports<Place>,
  request: IssueRequest,
  credentialId: string,
): ReturnType<CredentialIssuer['revoke']> {
  const { engine } = ports;
  const { binding, current, emergency = false } = request;
  const { users, further } = read(ports, binding);
  const [name = '', rotationId = null] = credentialId.split('#');
  if (!users.includes(name)) throw targetRefused(ports.name, binding, 'CredentialId', 'is not one of the two users');
  const inForce = current === null ? null : loginIn(ports, binding, current);
  if (inForce?.user === name) throw stateRefused(ports, inForce, 'in force');
  const administrator = await readSession(ports, request);
  const user = { ...further, name };
  const mark = (await engine.markOf?.(administrator, user)) ?? null;
  const ended = `keyturn.${binding.name.toLowerCase()}.ended`;
  // A later rotation has set another password for this user since.
  const isLater = mark !== null && rotationId !== null && mark !== credentialName(binding, rotationId);
  if (mark !== ended && isLater) return { outcome: 'absent' };
  // Ended before: an emergency may still have to end its sessions.
  if (mark === ended) {
    if (emergency) await engine.sessionsOf(administrator, user, true);
    return { outcome: 'absent' };
  }
  await engine.endPassword(administrator, user, ended);
  return { outcome: 'revoked', sessions: await engine.sessionsOf(administrator, user, emergency) };
}

async function marks<Place>(
  ports: Ports<Place>,
  asked: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<readonly { user: string; mark: string }[]> {
  const { users, further } = read(ports, asked.binding);
  const { markOf } = ports.engine;
  if (markOf === undefined) return [];
  const administrator = await readSession(ports, asked);
  const found = await Promise.all(
    users.map(async (user) => ({ user, mark: (await markOf(administrator, { ...further, name: user })) ?? '' })),
  );
  return found.filter(({ mark }) => mark !== '');
}

async function readSession<Place>(
  ports: Ports<Place>,
  { binding, signal, deadline }: Pick<IssueRequest, 'binding' | 'signal' | 'deadline'>,
): Promise<Session> {
  const { place, administrator, ...target } = read(ports, binding);
  const { name: issuer, readSecret } = ports;
  const tls = await readServerTls(issuer, binding, target);
  return await readAdministrator({ issuer, binding, place, tls, administrator, readSecret, signal, deadline });
}

function read<Place>({ target, engine }: Ports<Place>, binding: SecretBinding) {
  const { fields, further } = target.read(binding);
  const { length, alphabet, classes, users, ...rest } = fields;
  const [one = '', other = ''] = users;
  return {
    ...rest,
    users: [one, other] as const,
    password: { length, alphabet, classes },
    further,
    place: {
      ...databasePlace(engine.scheme, rest),
      written: rest.tls === 'verify' ? (engine.tlsScheme ?? engine.scheme) : engine.scheme,
    },
  };
}

function loginIn<Place>(ports: Ports<Place>, binding: SecretBinding, value: SecretValue): DatabaseLogin {
  const { place, users } = read(ports, binding);
  const login = parseLogin(value, place);
  if (login === null || !users.includes(login.user))
    throw targetRefused(ports.name, binding, 'value', "is not a login of one of the target's users");
  return login;
}

function stateRefused(ports: { readonly name: string }, { user, host }: DatabaseLogin, state: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', {
    issuer: ports.name,
    provider: host,
    reason: `${user} is ${state}`,
  });
}
