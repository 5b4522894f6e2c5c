import { createHash } from 'node:crypto';
import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { readAdministrator } from './database-administrator.ts';
import { type DatabaseLogin, formatLogin, parseLogin } from './database-login.ts';
import { databaseFields, databasePlace, tlsFaults } from './database-target.ts';
import { alphabets, type RandomBytes, randomText } from '../shared/random-text.ts';
import { namedSecret, type ReadSecret } from '../shared/read-secret.ts';
import { type RedisSession, withRedis } from './redis-session.ts';
import { refused } from '../shared/refused.ts';
import { text, wholeNumber } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';

const name = 'redis-acl';
const shape = targetShape(
  name,
  {
    ...databaseFields(6379),
    database: wholeNumber(0, 15),
    user: text(/[A-Za-z0-9_-]{1,64}/, 'the name of an ACL user'),
  },
  (target) => [
    ...tlsFaults({ ...target, database: '' }),
    ...(target.user === 'default'
      ? [{ place: 'target.user', reason: 'must not be default, which may have no password' }]
      : []),
  ],
);

interface Ports {
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

/**
 * Rotates an ACL user of Redis 6 or newer with two passwords: it adds the new one beside the old, and revocation
 * removes the old one. It sends only hashes, so that no password appears in MONITOR, the slow log or the ACL file. Only
 * Keyturn may manage the user's passwords.
 */
export function redisAclIssuer(ports: Ports): CredentialIssuer {
  return {
    name,
    credentialClass: 'chosen',
    check: shape.check,
    reads: (binding) => [namedSecret(shape.read(binding).administrator)],
    propose: ({ binding, current }) => {
      const { user, form } = shape.read(binding);
      const password = new SecretValue(randomText(48, alphabets.alphanumeric, ports.randomBytes));
      return formatLogin({ ...placeOf(binding), user, password }, form, current);
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
  await asAdministrator(ports, request, async (redis) => {
    const there = await readPasswordHashes(redis, binding);
    // A password of an earlier rotation that was never published. A third, unknown password would belong to somebody
    // else.
    const stale = there.filter((hash) => !ours.includes(hash));
    if (stale.length > 1) throw stateRefused(binding, 'the user has passwords that Keyturn did not set');
    await redis.change('ACL', ['SETUSER', user, ...stale.map((hash) => `!${hash}`), `#${hashPassword(login)}`]);
    await redis.keep();
  });
  return { credentialId: `${user}#${rotationId}`, value: proposed };
}

async function verify({ binding, signal }: IssueRequest, { value }: IssuedCredential): Promise<Verification> {
  const { tls, host, port } = shape.read(binding);
  const login = loginIn(binding, value);
  if (login === null) return refused(false, "it is not a login of the target's user");
  const user = await withRedis(name, { login, tls, signal }, (redis) => redis.whoAmI());
  if (user === null) return refused(false, `the server refuses ${login.user}`);
  // A user without the right to ask for its name has still signed in, because AUTH names the user.
  if (user !== '' && user !== login.user) return refused(true, `the server reports user ${user}`);
  return { outcome: 'works', principal: login.user, notes: [`${host}:${String(port)}`] };
}

/** Removes every password except the one in force. */
async function revoke(
  ports: Ports,
  request: IssueRequest,
  credentialId: string,
): ReturnType<CredentialIssuer['revoke']> {
  const { binding, current } = request;
  const { user } = shape.read(binding);
  if (credentialId.split('#')[0] !== user)
    throw targetRefused(name, binding, 'CredentialId', "is not the target's user");
  const inForce = current === null ? null : loginIn(binding, current);
  if (inForce === null) throw targetRefused(name, binding, 'value', 'in force is unknown, so nothing may be removed');
  return await asAdministrator(ports, request, async (redis) => {
    const there = await readPasswordHashes(redis, binding);
    const keep = hashPassword(inForce);
    if (!there.includes(keep)) throw stateRefused(binding, 'the value in force is not among its passwords');
    const others = there.filter((hash) => hash !== keep);
    if (others.length === 0) return { outcome: 'absent' };
    if (others.length > 1) throw stateRefused(binding, 'the user has passwords that Keyturn did not set');
    await redis.change('ACL', ['SETUSER', user, ...others.map((hash) => `!${hash}`)]);
    await redis.keep();
    return { outcome: 'revoked' };
  });
}

async function asAdministrator<Result>(
  ports: Ports,
  { binding, signal }: IssueRequest,
  act: (redis: RedisSession) => Promise<Result>,
): Promise<Result> {
  const { administrator, tls, host } = shape.read(binding);
  const { readSecret } = ports;
  const place = placeOf(binding);
  const session = await readAdministrator({ issuer: name, binding, place, tls, administrator, readSecret, signal });
  const result = await withRedis(name, session, async (redis) => ({ value: await act(redis) }));
  if (result === null)
    throw new ServiceError('PROVIDER_ACCESS_DENIED', { issuer: name, provider: host, reason: 'WRONGPASS' });
  return result.value;
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
