import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Logger } from '../../log/logger.ts';
import { parsePerson, type Person } from '../../provenance/person.ts';
import { parseRecord, recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { hourMs } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import { type ApiToken, endOf, isTokenScope, type TokenScope } from './api-token.ts';
import { digestOf, newTokenText, type TokenText, writeTokenText } from './token-text.ts';

/** A token, and when it was last used, to the hour; `null`: never. */
export interface ListedToken extends ApiToken {
  readonly lastUsedAt: Date | null;
}

/** The API tokens, in the record store. Every method rejects as the store does. */
export interface TokenBook {
  /** Makes a token. Its text is returned this once; the records hold a digest of its secret. */
  create(token: {
    readonly name: string;
    readonly scopes: readonly TokenScope[];
    readonly lifetimeMs: number;
    readonly by: Person;
  }): Promise<{ readonly token: ApiToken; readonly text: SecretValue }>;
  /** Every token that ever was, the newest first. */
  list(): Promise<readonly ListedToken[]>;
  /** Ends a token at every instance at once; one that has ended stays as it is. @throws ServiceError `API_TOKEN_UNKNOWN`. */
  revoke(id: string, by: Person): Promise<ApiToken>;
  /**
   * Returns the token of a text, and notes the hour of its use.
   * @throws ServiceError `API_TOKEN_REFUSED` if there is none such, or it has ended.
   */
  use(text: TokenText): Promise<ApiToken>;
}

interface Ports {
  readonly records: RecordStore;
  readonly now: () => Date;
  readonly logger: Logger;
}

const folder = 'web/tokens/';
const usesFolder = 'web/token-uses/';
const mostTries = 20;

export function recordedTokens({ records, now, logger }: Ports): TokenBook {
  /** Hours that this process has noted, by token: a request costs one read, and a write once an hour. */
  const noted = new Map<string, number>();

  async function noteUse(id: string): Promise<void> {
    const hour = Math.floor(now().getTime() / hourMs);
    if (noted.get(id) === hour) return;
    try {
      await recordUse(records, id, new Date(hour * hourMs));
      noted.set(id, hour);
    } catch (error) {
      // The hour of a use decides nothing, so the request goes on.
      logger.warn('The use of an API token could not be noted.', { error });
    }
  }

  return {
    async create({ name, scopes, lifetimeMs, by }) {
      const text = newTokenText();
      const createdAt = now();
      const expiresAt = new Date(createdAt.getTime() + lifetimeMs);
      const token = { id: text.id, name, scopes, createdBy: by, createdAt, expiresAt, revoked: null };
      await records.create(`${folder}${text.id}`, bytesOf(token, digestOf(text.secret)));
      return { token, text: writeTokenText(text) };
    },

    async list() {
      const tokens: ListedToken[] = [];
      for await (const path of records.list(folder)) {
        const stored = await readToken(records, path.slice(folder.length));
        if (stored !== null) tokens.push({ ...stored.token, lastUsedAt: await lastUseOf(records, stored.token.id) });
      }
      return tokens.sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
    },

    async revoke(id, by) {
      for (let tries = 1; ; tries += 1) {
        const stored = await readToken(records, id);
        if (stored === null) throw new ServiceError('API_TOKEN_UNKNOWN', { token: id });
        if (stored.token.revoked !== null) return stored.token;
        const token = { ...stored.token, revoked: { at: now(), by } };
        try {
          await records.replace(`${folder}${id}`, bytesOf(token, stored.digest), stored.revision);
          return token;
        } catch (error) {
          if (!ServiceError.is(error, 'RECORD_CHANGED') || tries === mostTries) throw error;
        }
      }
    },

    async use({ id, secret }) {
      const stored = await readToken(records, id);
      // The same work for an id that is not there, so that the time of an answer tells nothing of ids.
      const isRight = timingSafeEqual(bytesIn(digestOf(secret)), bytesIn(stored?.digest ?? nobody));
      if (stored === null || !isRight) throw new ServiceError('API_TOKEN_REFUSED', { reason: 'unknown' });
      const end = endOf(stored.token, now());
      if (end !== null) throw new ServiceError('API_TOKEN_REFUSED', { reason: end });
      await noteUse(id);
      return stored.token;
    },
  };
}

/** The digest of no secret. */
const nobody = '0'.repeat(64);

function bytesIn(digest: string): Uint8Array {
  return Buffer.from(digest, 'hex');
}

const personShape = z.unknown().transform((value, context): Person => {
  const person = parsePerson(value);
  if (person !== null) return person;
  context.addIssue('is not a person');
  return z.NEVER;
});

const tokenShape = z.object({
  format: z.literal(1),
  id: z.string(),
  name: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'is not a digest'),
  scopes: z.array(z.string().refine(isTokenScope, 'is not a scope')),
  createdBy: personShape,
  createdAt: recordedTime,
  expiresAt: recordedTime,
  revoked: z.object({ at: recordedTime, by: personShape }).nullable(),
});

interface StoredToken {
  readonly token: ApiToken;
  readonly digest: string;
  readonly revision: Revision;
}

/** @throws ServiceError `RECORD_UNREADABLE`. */
async function readToken(records: RecordStore, id: string): Promise<StoredToken | null> {
  const path = `${folder}${id}`;
  const stored = await records.read(path);
  if (stored === null) return null;
  const { name, digest, scopes, createdBy, createdAt, expiresAt, revoked } = parseRecord(
    tokenShape,
    stored.bytes,
    path,
  );
  const token: ApiToken = {
    id,
    name,
    scopes: scopes.filter(isTokenScope),
    createdBy,
    createdAt: new Date(createdAt),
    expiresAt: new Date(expiresAt),
    revoked: revoked === null ? null : { at: new Date(revoked.at), by: revoked.by },
  };
  return { token, digest, revision: stored.revision };
}

function bytesOf(token: ApiToken, digest: string): Uint8Array {
  return Buffer.from(`${JSON.stringify({ format: 1, ...token, digest })}\n`);
}

const useShape = z.object({ format: z.literal(1), lastUsedAt: recordedTime });

async function lastUseOf(records: RecordStore, id: string): Promise<Date | null> {
  const path = `${usesFolder}${id}`;
  const stored = await records.read(path);
  return stored === null ? null : new Date(parseRecord(useShape, stored.bytes, path).lastUsedAt);
}

/** Notes an hour, apart from the token, so that it never meets a revocation. Another instance may be faster: its note is as good. */
async function recordUse(records: RecordStore, id: string, at: Date): Promise<void> {
  const path = `${usesFolder}${id}`;
  const bytes = Buffer.from(`${JSON.stringify({ format: 1, lastUsedAt: at.toISOString() })}\n`);
  const stored = await records.read(path);
  try {
    if (stored === null) await records.create(path, bytes);
    else await records.replace(path, bytes, stored.revision);
  } catch (error) {
    if (!ServiceError.is(error, 'RECORD_EXISTS') && !ServiceError.is(error, 'RECORD_CHANGED')) throw error;
  }
}
