import { ServiceError } from '../service-error.ts';
import { jsonProperties } from './json-properties.ts';

/** An access token as Gitea lists it: without its value. */
export interface GiteaAccessToken {
  readonly id: number;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly lastEight: string;
  /** `null` if it was never used. Whole seconds. */
  readonly lastUsedAt: Date | null;
}

/** @throws ServiceError `GITEA_ANSWER_MALFORMED` with the place of the first fault. */
export function parseAccessToken(given: unknown, { gitea, path }: { gitea: string; path: string }): GiteaAccessToken {
  const token = jsonProperties(given);
  const id = token.get('id');
  const name = token.get('name');
  const scopes = token.get('scopes') ?? [];
  const lastEight = token.get('token_last_eight');
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw malformed('id');
  if (typeof name !== 'string') throw malformed('name');
  if (typeof lastEight !== 'string') throw malformed('token_last_eight');
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) throw malformed('scopes');
  return { id, name, lastEight, scopes, lastUsedAt: timeOf(token.get('last_used_at')) };

  function malformed(place: string): ServiceError {
    return new ServiceError('GITEA_ANSWER_MALFORMED', { gitea, path, place });
  }
}

/** Gitea writes an unset time as 1970. */
function timeOf(given: unknown): Date | null {
  if (typeof given !== 'string') return null;
  const time = new Date(given);
  return Number.isNaN(time.getTime()) || time.getTime() <= 0 ? null : time;
}
