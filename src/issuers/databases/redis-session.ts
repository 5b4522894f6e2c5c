import type { Redis } from 'ioredis';
import { ServiceError } from '../../service-error.ts';
import type { SessionsLeft } from '../../rotation/ports/credential-issuer.ts';
import type { Session } from './database-engine.ts';
import { tlsOptions } from './server-tls.ts';
import { requireSendTime } from '../shared/require-send-time.ts';
import { unclear, unreachable } from '../shared/provider-fault.ts';
import type { SendDeadline } from '../../rotation/ports/send-deadline.ts';

/** One session of a Redis server. */
export interface RedisSession {
  /** The user's name, or empty text if it may not ask. */
  whoAmI(): Promise<string>;
  /** The SHA-256 of each password of an ACL user, hexadecimal; `null` if the user does not exist. */
  passwordHashes(user: string): Promise<readonly string[] | null>;
  /** @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` if the answer was lost. */
  change(command: string, words: readonly string[]): Promise<void>;
  /**
   * Saves users to the ACL file, or the configuration to its file, if the server has one, so that a restart does not
   * restore old passwords.
   */
  keep(): Promise<void>;
  /** Whether the server has replicas or belongs to a cluster, which do not share users. */
  topology(): Promise<RedisTopology>;
  /** Counts the user's sessions and, if told to, ends them. */
  sessionsOf(user: string, end: boolean): Promise<SessionsLeft>;
}

/** What a server says of the servers around it. */
export interface RedisTopology {
  readonly role: 'master' | 'replica' | 'sentinel';
  /** Connected now; one that is down is not among them. */
  readonly replicas: number;
  /** Nodes of its cluster, itself included; 0 without a cluster. */
  readonly clusterNodes: number;
}

/** The issuer and provider for error details. */
interface Details {
  readonly issuer: string;
  readonly provider: string;
}

/** Opens a session, acts, and closes it. Returns `null` if the server does not accept user and password. */
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
    ...(tls === 'off' ? {} : { tls: tlsOptions(tls) }),
    lazyConnect: true,
    connectTimeout: 10_000,
    commandTimeout: 10_000,
    // The driver must not repeat anything: neither the connection nor a command.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
  });
  // Without a listener the driver prints errors; the relevant ones reach the caller through the failed command.
  const problems: unknown[] = [];
  redis.on('error', (error: unknown) => problems.push(error));
  const abort = () => redis.disconnect();
  signal.addEventListener('abort', abort, { once: true });
  try {
    try {
      await redis.connect();
      // Without the right to PING the server answers NOPERM, which only a signed-in user receives.
      await redis.ping().catch((error: unknown) => ignore(error, 'NOPERM'));
    } catch (error) {
      if ([error, ...problems].some((one) => extractReplyCode(one) === 'WRONGPASS')) return null;
      throw unreachable(details, [error, ...problems].find((one) => extractReplyCode(one) === '') ?? error);
    }
    return await act(wrapConnection(details, redis, session.deadline));
  } finally {
    signal.removeEventListener('abort', abort);
    redis.disconnect();
  }
}

function wrapConnection(details: Details, connection: Redis, deadline: SendDeadline | undefined): RedisSession {
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
      requireSendTime(details, deadline);
      try {
        await connection.call(command, ...words);
      } catch (error) {
        throw extractReplyCode(error) === '' ? unclear(details, error) : refusal(details, error);
      }
    },
    async keep() {
      const file = await connection.call('ACL', 'SAVE').catch((error: unknown) => extractReplyCode(error));
      // The server answers ERR if it has no ACL file; users are then in its configuration file, if it has one.
      if (file !== 'OK') await connection.call('CONFIG', 'REWRITE').catch((error: unknown) => extractReplyCode(error));
    },
    topology: () => readTopology(details, connection),
    async sessionsOf(user, end) {
      const ended = end ? await connection.call('CLIENT', 'KILL', 'USER', user).catch(noneIfDenied) : 0;
      const list = await connection.call('CLIENT', 'LIST').catch(noneIfDenied);
      const open = typeof list === 'string' ? list.split('\n').filter((line) => userIn(line) === user).length : null;
      return { ended: Number(ended ?? 0), open };
    },
  };
}

/** @throws ServiceError `PROVIDER_ACCESS_DENIED` if the user may not ask: a server that was not looked at is not alone. */
async function readTopology(details: Details, connection: Redis): Promise<RedisTopology> {
  const [server, replication, cluster] = [
    await readInfo(details, connection, 'server'),
    await readInfo(details, connection, 'replication'),
    await readInfo(details, connection, 'cluster'),
  ];
  const role = server.get('redis_mode') === 'sentinel' ? 'sentinel' : replication.get('role');
  let clusterNodes = 0;
  if (cluster.get('cluster_enabled') === '1') {
    const answer = await ask(details, () => connection.call('CLUSTER', 'INFO'));
    clusterNodes = Number(parseInfo(answer).get('cluster_known_nodes') ?? Number.NaN);
  }
  const replicas = Number(replication.get('connected_slaves') ?? Number.NaN);
  if (role === 'sentinel') return { role, replicas: 0, clusterNodes: 0 };
  if (Number.isNaN(replicas + clusterNodes) || (role !== 'master' && role !== 'slave'))
    throw new ServiceError('PROVIDER_ANSWER_MALFORMED', { ...details, place: 'INFO' });
  return { role: role === 'slave' ? 'replica' : 'master', replicas, clusterNodes };
}

async function readInfo(details: Details, connection: Redis, section: string): Promise<ReadonlyMap<string, string>> {
  return parseInfo(await ask(details, () => connection.call('INFO', section)));
}

/** Lines `name:value`, after Redis, "INFO". */
function parseInfo(answer: unknown): ReadonlyMap<string, string> {
  const lines = typeof answer === 'string' ? answer.split(/\r?\n/) : [];
  return new Map(
    lines.filter((line) => line.includes(':')).map((line) => [nameIn(line), line.slice(line.indexOf(':') + 1)]),
  );
}

function nameIn(line: string): string {
  return line.slice(0, line.indexOf(':'));
}

/** The user of one line of `CLIENT LIST`. */
function userIn(line: string): string {
  return / user=(\S*)/.exec(line)?.[1] ?? '';
}

/** Without the right to look, nothing was counted. */
function noneIfDenied(error: unknown): null {
  if (extractReplyCode(error) !== 'NOPERM') throw error;
  return null;
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

/** The first word of every Redis refusal, such as WRONGPASS or NOPERM; empty for anything else. */
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
