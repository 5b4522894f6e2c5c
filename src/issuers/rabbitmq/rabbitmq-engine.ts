import { createHash } from 'node:crypto';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type { SessionsLeft } from '../../rotation/ports/credential-issuer.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { DatabaseEngine, Session, UserOf } from '../databases/database-engine.ts';
import { plainPassword } from '../databases/database-target.ts';
import { signInByAmqp } from './amqp-sign-in.ts';
import { askManagement } from './management-api.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { text } from '../shared/target-fields.ts';

const issuer = 'rabbitmq';
const algorithm = 'rabbit_password_hashing_sha256';

interface RabbitmqPlace {
  /** The address of the management API. */
  readonly management: string;
}

type Account = UserOf<RabbitmqPlace>;

/**
 * RabbitMQ from 3.8 on, through its management plugin. The administrator needs the tag `administrator`. RabbitMQ keeps no
 * comment with a user, so credentials cannot be found by name.
 */
export function rabbitmqEngine({ randomBytes }: { readonly randomBytes: RandomBytes }): DatabaseEngine<RabbitmqPlace> {
  return {
    scheme: 'amqp',
    tlsScheme: 'amqps',
    defaultPort: 5671,
    database: text(/[\w./-]{1,63}/, "a virtual host's name"),
    password: plainPassword,
    fields: {
      management: text(
        /(?:https:\/\/[a-z0-9.-]{1,253}|http:\/\/(?:localhost|127\.0\.0\.1))(?::\d{1,5})?/,
        'the address of the management API: https://HOST:PORT, or http on this machine',
      ),
    },
    verifiesAddresses: true,
    // A password is sent as a hash, which no validator sees.
    policyCodes: [],
    signIn: (session) => signInByAmqp(issuer, session),
    setPassword: (session, account, { password }) => change(session, account, hashOf(password, randomBytes(4))),
    // A user with an empty hash cannot sign in with any password.
    endPassword: (session, account) => change(session, account, ''),
    sessionsOf,
    compareRights: async (session, place, [one, other]) => {
      const [ones, others] = [await rightsOf(session, place, one), await rightsOf(session, place, other)];
      const alone = (name: string, rights: readonly string[], than: readonly string[]) =>
        rights.filter((right) => !than.includes(right)).map((right) => `${name} alone has ${wordsOf(right)}`);
      return [...alone(one, ones, others), ...alone(other, others, ones)];
    },
  };
}

/** RabbitMQ's salted hash: four bytes, then the SHA-256 of them and the password. Source: RabbitMQ, "Passwords". */
function hashOf(password: SecretValue, salt: Uint8Array): string {
  const hash = createHash('sha256').update(salt).update(password.reveal()).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}

/** Sets the hash and leaves the user's tags, which the same request would take away, as they are. */
async function change(session: Session, { name, management }: Account, hash: string): Promise<void> {
  const { tags } = await readUser(session, management, name);
  const body = { password_hash: hash, hashing_algorithm: algorithm, tags };
  await askManagement(issuer, session, management, { method: 'PUT', path: ['users', name], body });
}

async function readUser(
  session: Session,
  management: string,
  name: string,
): Promise<{ readonly tags: unknown; readonly limits: unknown }> {
  const { status, body } = await askManagement(issuer, session, management, { method: 'GET', path: ['users', name] });
  if (status === 404) throw stateRefused(session, `user ${name} does not exist`);
  const user = jsonProperties(body);
  const tags = user.get('tags');
  // Before 3.9 the tags are one text with commas.
  if (!Array.isArray(tags) && typeof tags !== 'string') throw malformed(session, 'tags');
  return { tags, limits: user.get('limits') ?? {} };
}

/** Tags, limits, and permissions in each virtual host, in words. */
async function rightsOf(session: Session, { management }: RabbitmqPlace, name: string): Promise<readonly string[]> {
  const { tags, limits } = await readUser(session, management, name);
  const permissions = await readList(session, management, ['users', name, 'permissions']);
  const topics = await readList(session, management, ['users', name, 'topic-permissions']);
  const words: readonly unknown[] = Array.isArray(tags)
    ? tags
    : textOf(tags)
        .split(',')
        .filter((tag) => tag !== '');
  return [
    ...words.map((tag) => `the tag ${String(tag)}`),
    ...[...jsonProperties(limits)].map(([limit, value]) => `the limit ${limit} ${JSON.stringify(value)}`),
    ...permissions.flatMap((one) =>
      ['configure', 'write', 'read'].map((kind) => `${kind} ${textOf(one.get(kind))} in ${textOf(one.get('vhost'))}`),
    ),
    ...topics.flatMap((one) =>
      ['write', 'read'].map(
        (kind) =>
          `${kind} of topics ${textOf(one.get(kind))} at ${textOf(one.get('exchange'))} in ${textOf(one.get('vhost'))}`,
      ),
    ),
  ];
}

async function sessionsOf(session: Session, { name, management }: Account, end: boolean): Promise<SessionsLeft> {
  const connections = await readList(session, management, ['connections']);
  const theirs = connections.filter((one) => one.get('user') === name).map((one) => textOf(one.get('name')));
  for (const connection of end ? theirs : [])
    await askManagement(issuer, session, management, { method: 'DELETE', path: ['connections', connection] });
  return end ? { ended: theirs.length, open: 0 } : { ended: 0, open: theirs.length };
}

async function readList(
  session: Session,
  management: string,
  path: readonly string[],
): Promise<readonly ReadonlyMap<string, unknown>[]> {
  const { status, body } = await askManagement(issuer, session, management, { method: 'GET', path });
  if (status === 404 || !Array.isArray(body)) throw malformed(session, path.at(-1) ?? '');
  return body.map(jsonProperties);
}

/** A right for a log: patterns and names only as far as they are of ordinary characters. */
function wordsOf(right: string): string {
  return /^[\w .,()/*^$|:"{}+?-]{1,160}$/.test(right) ? right : 'a further right';
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : '';
}

function malformed({ login }: Session, place: string): ServiceError {
  return new ServiceError('PROVIDER_ANSWER_MALFORMED', { issuer, provider: login.host, place });
}

function stateRefused({ login }: Session, reason: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', { issuer, provider: login.host, reason });
}
