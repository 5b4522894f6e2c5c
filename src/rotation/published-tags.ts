import { ServiceError } from '../service-error.ts';

/** Key Vault's limit of tags on a version. */
const tagLimit = 15;

/** What we say of a version that we publish. */
export interface PublishedTags {
  readonly environment: string | null;
  /** Goes into `expires` as a date; the version's own `exp` is the same moment. */
  readonly expires: Date;
  /** `<rotationId>.<attempt>`. */
  readonly rotationId: string;
  /** `null` for the first version of a secret. */
  readonly rotatedFrom: string | null;
  readonly credentialId: string | null;
}

/**
 * The tags of the version to publish: those of the version before, with ours re-written. Tags that are not ours survive.
 * `version` counts the rotations of the secret.
 * @throws ServiceError `SECRET_TAGS_TOO_MANY` when together they are more than Key Vault takes.
 */
export function publishedTags(
  secret: { vault: string; secret: string },
  before: Readonly<Record<string, string>>,
  ours: PublishedTags,
): Readonly<Record<string, string>> {
  const { environment: _environment, CredentialId: _credentialId, 'rotated-from': _rotatedFrom, ...kept } = before;
  const tags: Record<string, string> = {
    ...kept,
    version: String(numberIn(before) + 1),
    expires: ours.expires.toISOString().slice(0, 10),
    'rotation-id': ours.rotationId,
    ...named('rotated-from', ours.rotatedFrom),
    ...named('environment', ours.environment ?? before['environment'] ?? null),
    ...named('CredentialId', ours.credentialId),
  };
  const count = Object.keys(tags).length;
  if (count > tagLimit) throw new ServiceError('SECRET_TAGS_TOO_MANY', { ...secret, tags: count, limit: tagLimit });
  return tags;
}

function named(name: string, value: string | null): Readonly<Record<string, string>> {
  return value === null ? {} : { [name]: value };
}

function numberIn(tags: Readonly<Record<string, string>>): number {
  const count = Number(tags['version'] ?? '0');
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
