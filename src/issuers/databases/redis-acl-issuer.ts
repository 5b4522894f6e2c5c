import { createHash } from 'node:crypto';
import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  SessionsLeft,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { readAdministrator } from './database-administrator.ts';
import type { Session } from './database-engine.ts';
import { type DatabaseLogin, formatLogin, parseLogin } from './database-login.ts';
import { randomPassword } from './database-password.ts';
import { databaseFaults, databaseFields, databasePlace } from './database-target.ts';
import { missingNodes, nodesOf, type RedisNode } from './redis-nodes.ts';
import { readServerTls } from './server-tls.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import type { ReadSecret } from '../shared/read-secret.ts';
import { type RedisSession, withRedis } from './redis-session.ts';
import { refused } from '../shared/refused.ts';
import { optional, text, texts, wholeNumber } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';

const name = 'redis-acl';
const shape = targetShape(
  name,
  {
    ...databaseFields(6379, { length: 48, alphabet: 'alphanumeric', classes: [] }),
    database: wholeNumber(0, 15),
    user: text(/[A-Za-z0-9_-]{1,64}/, 'the name of an ACL user'),
    /** Replicas and other nodes of a cluster, beside the target's own address. */
    nodes: optional(texts(/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?:[1-9]\d{0,4}/, 'nodes as host:port'), []),
  },
  (target) => [
    ...databaseFaults(target),
    ...(target.user === 'default'
      ? [{ place: 'target.user', reason: 'must not be default, which may have no password' }]
      : []),
  ],
);

interface Ports {
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

/** One node of a target, with the administrator signed in. */
interface OpenNode {
  readonly redis: RedisSession;
  readonly hashes: readonly string[];
}

/**
 * Rotates an ACL user of Redis 6 or newer with two passwords: it adds the new one beside the old, and revocation
 * removes the old one, on every node of a deployment. It sends only hashes, so that no password appears in MONITOR, the
 * slow log or the ACL file. Only Keyturn may manage the user's passwords.
 */
export function redisAclIssuer(ports: Ports): CredentialIssuer {
  return {
    name,
    credentialClass: 'chosen',
    check: shape.check,
    propose: ({ binding, current }) => {
      const { user, form, ...rules } = shape.read(binding);
      return formatLogin(
        { ...placeOf(binding), user, password: randomPassword(rules, ports.randomBytes) },
        form,
        current,
      );
    },
    issue: (request, proposed) => issue(ports, request, proposed),
    verify,
    // Redis stores no name with a password.
    describe: () => Promise.resolve({ outcome: 'absent' }),
    list: () => Promise.resolve([]),
    revoke: (request, credentialId) => revoke(ports, request, credentialId),
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(ports: Ports, request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
  const { binding, rotationId, current } = request;
  const { user } = shape.read(binding);
  const login = proposed === null ? null : loginIn(binding, proposed);
  if (proposed === null || login === null)
    throw targetRefused(name, binding, 'value', "is not a login of the target's user");
  const ours = [login, current === null ? null : loginIn(binding, current)].flatMap((one) =>
    one === null ? [] : [hashPassword(one)],
  );
  await onEveryNode(ports, request, async (nodes) => {
    // A password of an earlier rotation that was never published. A third, unknown password would belong to another
    // publisher.
    const stale = (there: readonly string[]) => there.filter((hash) => !ours.includes(hash));
    if (nodes.some(({ hashes }) => stale(hashes).length > 1))
      throw stateRefused(binding, 'the user has passwords that Keyturn did not set');
    for (const { redis, hashes } of nodes) {
      const removed = stale(hashes).map((hash) => `!${hash}`);
      await redis.change('ACL', ['SETUSER', user, ...removed, `#${hashPassword(login)}`]);
      await redis.keep();
    }
  });
  return { credentialId: `${user}#${rotationId}`, value: proposed };
}

/** Signs in to every node. A value is dead only where none lets it in, and works only where all do. */
async function verify({ binding, signal }: IssueRequest, { value }: IssuedCredential): Promise<Verification> {
  const target = shape.read(binding);
  const login = loginIn(binding, value);
  if (login === null) return refused(false, "it is not a login of the target's user");
  const tls = await readServerTls(name, binding, target);
  const refusals: string[] = [];
  const nodes = nodesOf(target);
  for (const node of nodes) {
    const user = await withRedis(name, { login: { ...login, ...node }, tls, signal }, (redis) => redis.whoAmI());
    // A user without the right to ask for its name has still signed in, because AUTH names the user.
    if (user === null) refusals.push(nameOf(node));
    else if (user !== '' && user !== login.user) return refused(true, `the server reports user ${user}`);
  }
  if (refusals.length > 0)
    return refused(refusals.length < nodes.length, `${refusals.join(' and ')} refuses ${login.user}`);
  return { outcome: 'works', principal: login.user, notes: nodes.map(nameOf) };
}

/** Removes every password except the one in force, from every node. */
async function revoke(
  ports: Ports,
  request: IssueRequest,
  credentialId: string,
): ReturnType<CredentialIssuer['revoke']> {
  const { binding, current, emergency = false } = request;
  const { user } = shape.read(binding);
  if (credentialId.split('#')[0] !== user)
    throw targetRefused(name, binding, 'CredentialId', "is not the target's user");
  const inForce = current === null ? null : loginIn(binding, current);
  if (inForce === null) throw targetRefused(name, binding, 'value', 'in force is unknown, so nothing may be removed');
  return await onEveryNode(ports, request, async (nodes) => {
    const keep = hashPassword(inForce);
    if (nodes.some(({ hashes }) => !hashes.includes(keep)))
      throw stateRefused(binding, 'the value in force is not among its passwords');
    const others = (there: readonly string[]) => there.filter((hash) => hash !== keep);
    if (nodes.every(({ hashes }) => others(hashes).length === 0)) return { outcome: 'absent' };
    if (nodes.some(({ hashes }) => others(hashes).length > 1))
      throw stateRefused(binding, 'the user has passwords that Keyturn did not set');
    for (const { redis, hashes } of nodes) {
      const removed = others(hashes).map((hash) => `!${hash}`);
      if (removed.length > 0) await redis.change('ACL', ['SETUSER', user, ...removed]);
      await redis.keep();
    }
    return { outcome: 'revoked', sessions: await sessionsOf(nodes, user, emergency) };
  });
}

/**
 * Both passwords are of one user, so a server does not tell which of them opened a session: all are counted, and in an
 * emergency all are ended. Clients that hold the new password sign in again.
 */
async function sessionsOf(nodes: readonly OpenNode[], user: string, end: boolean): Promise<SessionsLeft> {
  let [ended, open]: [number, number | null] = [0, 0];
  for (const { redis } of nodes) {
    const left = await redis.sessionsOf(user, end);
    ended += left.ended;
    open = open === null || left.open === null ? null : open + left.open;
  }
  return { ended, open };
}

/**
 * Opens every node as administrator and reads its passwords before anything is changed: if one cannot be reached, or the
 * named nodes are not all, nothing is.
 */
async function onEveryNode<Result>(
  ports: Ports,
  { binding, signal, deadline }: IssueRequest,
  act: (nodes: readonly OpenNode[]) => Promise<Result>,
): Promise<Result> {
  const target = shape.read(binding);
  const { administrator } = target;
  const { readSecret } = ports;
  const place = placeOf(binding);
  const tls = await readServerTls(name, binding, target);
  const session = await readAdministrator({
    issuer: name,
    binding,
    place,
    tls,
    administrator,
    readSecret,
    signal,
    deadline,
  });
  return await openNext([], nodesOf(target));

  async function openNext(open: readonly OpenNode[], [next, ...rest]: readonly RedisNode[]): Promise<Result> {
    if (next === undefined) {
      const missing = missingNodes(await Promise.all(open.map(({ redis }) => redis.topology())));
      if (missing !== null) throw stateRefused(binding, missing);
      return await act(open);
    }
    return await asAdministrator({ ...session, login: { ...session.login, ...next } }, async (redis) =>
      openNext([...open, { redis, hashes: await readPasswordHashes(redis, binding) }], rest),
    );
  }
}

async function asAdministrator<Result>(
  session: Session,
  act: (redis: RedisSession) => Promise<Result>,
): Promise<Result> {
  const result = await withRedis(name, session, async (redis) => ({ value: await act(redis) }));
  if (result !== null) return result.value;
  throw new ServiceError('PROVIDER_ACCESS_DENIED', { issuer: name, provider: session.login.host, reason: 'WRONGPASS' });
}

async function readPasswordHashes(redis: RedisSession, binding: SecretBinding): Promise<readonly string[]> {
  const hashes = await redis.passwordHashes(shape.read(binding).user);
  if (hashes === null) throw stateRefused(binding, 'the ACL user does not exist');
  return hashes;
}

function placeOf(binding: SecretBinding) {
  const { database, ...rest } = shape.read(binding);
  const place = databasePlace('redis', { ...rest, database: String(database) });
  return { ...place, written: rest.tls === 'verify' ? 'rediss' : 'redis' };
}

function nameOf({ host, port }: RedisNode): string {
  return `${host}:${String(port)}`;
}

function loginIn(binding: SecretBinding, value: SecretValue): DatabaseLogin | null {
  const login = parseLogin(value, placeOf(binding));
  return login?.user === shape.read(binding).user ? login : null;
}

function hashPassword({ password }: DatabaseLogin): string {
  return createHash('sha256').update(password.reveal()).digest('hex');
}

function stateRefused(binding: SecretBinding, reason: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', { issuer: name, provider: shape.read(binding).host, reason });
}
