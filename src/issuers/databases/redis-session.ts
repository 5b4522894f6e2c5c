import type { Redis } from 'ioredis';
import { ServiceError } from '../../service-error.ts';
import type { Session } from './database-engine.ts';
import { unclear, unreachable } from '../shared/provider-fault.ts';

/** One session of a Redis server. */
export interface RedisSession {
  /** The user's name, or empty text when it may not ask. */
  whoAmI(): Promise<string>;
  /** The SHA-256 of each password of an ACL user, hexadecimal; `null` when there is no such user. */
  passwordHashes(user: string): Promise<readonly string[] | null>;
  /** @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` when the answer was lost. */
  change(command: string, words: readonly string[]): Promise<void>;
  /** Writes users to the ACL file, or the configuration to its own, where the server has one: a restart must not bring old passwords back. */
  keep(): Promise<void>;
}

/** Whom an error is about. */
interface Details {
  readonly issuer: string;
  readonly provider: string;
}

/** Opens a session, acts, and closes it. Gives `null` when the server does not accept user and password. */
export async function withRedis<Result>(
  issuer: string,
  session: Session,
  act: (redis: RedisSession) => Promise<Result>,
): Promise<Result | null> {
  const { login, tls, signal } = session;
  const details = { issuer, provider: login.host };
  const { Redis: Connection } = await driver(issuer);
  if (signal.aborted) throw unreachable(details, signal.reason);
  const redis: Redis = new Connection({
    host: login.host,
    port: login.port,
    db: Number(login.database),
    username: login.user,
    password: login.password.reveal(),
    ...(tls === 'verify' ? { tls: {} } : {}),
    lazyConnect: true,
    connectTimeout: 10_000,
    commandTimeout: 10_000,
    // Nothing is repeated underneath: not the connection, not a command.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
  });
  // Without a listener the driver prints what goes wrong; what matters reaches us through the command that failed.
  const problems: unknown[] = [];
  redis.on('error', (error: unknown) => problems.push(error));
  const abort = () => redis.disconnect();
  signal.addEventListener('abort', abort, { once: true });
  try {
    try {
      await redis.connect();
      // Without rights to PING it answers NOPERM, which only a user that was let in hears.
      await redis.ping().catch((error: unknown) => ignore(error, 'NOPERM'));
    } catch (error) {
      if ([error, ...problems].some((one) => extractReplyCode(one) === 'WRONGPASS')) return null;
      throw unreachable(details, [error, ...problems].find((one) => extractReplyCode(one) === '') ?? error);
    }
    return await act(wrapConnection(details, redis));
  } finally {
    signal.removeEventListener('abort', abort);
    redis.disconnect();
  }
}

function wrapConnection(details: Details, connection: Redis): RedisSession {
  return {
    async whoAmI() {
      const answer = await connection.call('ACL', 'WHOAMI').catch((error: unknown) => ignore(error, 'NOPERM'));
      return typeof answer === 'string' ? answer : '';
    },
    async passwordHashes(user) {
      const answer = await ask(details, () => connection.call('ACL', 'GETUSER', user));
      if (!Array.isArray(answer)) return null;
      const hashes: unknown = answer[answer.indexOf('passwords') + 1];
      return Array.isArray(hashes) ? hashes.filter((hash) => typeof hash === 'string') : [];
    },
    async change(command, words) {
      try {
        await connection.call(command, ...words);
      } catch (error) {
        throw extractReplyCode(error) === '' ? unclear(details, error) : refusal(details, error);
      }
    },
    async keep() {
      const file = await connection.call('ACL', 'SAVE').catch((error: unknown) => extractReplyCode(error));
      // The server says ERR when it has no ACL file; then users live in its configuration file, if it has one.
      if (file !== 'OK') await connection.call('CONFIG', 'REWRITE').catch((error: unknown) => extractReplyCode(error));
    },
  };
}

async function ask(details: Details, question: () => Promise<unknown>): Promise<unknown> {
  try {
    return await question();
  } catch (error) {
    throw extractReplyCode(error) === '' ? unreachable(details, error) : refusal(details, error);
  }
}

function refusal(details: Details, error: unknown): ServiceError {
  const reason = extractReplyCode(error);
  return new ServiceError(reason === 'NOPERM' ? 'PROVIDER_ACCESS_DENIED' : 'PROVIDER_REQUEST_REFUSED', {
    ...details,
    reason,
  });
}

/** The word that begins every refusal of Redis, such as WRONGPASS or NOPERM; empty for anything else. */
function extractReplyCode(error: unknown): string {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return '';
  return /^[A-Z]{2,20}(?= |$)/.exec(error.message)?.[0] ?? '';
}

function ignore(error: unknown, word: string): string {
  if (extractReplyCode(error) !== word) throw error;
  return '';
}

async function driver(issuer: string): Promise<{ readonly Redis: typeof Redis }> {
  try {
    return await import('ioredis');
  } catch (cause) {
    throw new ServiceError('ISSUER_PACKAGE_MISSING', { issuer, package: 'ioredis' }, { cause });
  }
}
