import type { StoredVersion } from './secret-shelf.ts';

const recoverableDays = 90;
const secondsOfDay = 86_400;

/** A version with its value, as set and get answer it. `withPrevious`: api-version 2025-07-01 and later name the version before. */
export function toSecretBundle(vaultUrl: string, version: StoredVersion, withPrevious: boolean): object {
  return {
    value: version.value,
    ...propertiesOf(vaultUrl, version),
    ...(withPrevious && version.previousVersion ? { previousVersion: version.previousVersion } : {}),
  };
}

/** A version without its value, as update, recover and the list of versions answer it. */
export function propertiesOf(vaultUrl: string, version: StoredVersion): { readonly id: string } & object {
  return { id: versionId(vaultUrl, version), ...describe(version) };
}

/** A secret as the list of secrets answers it: the newest version's properties under an id without version. */
export function toSecretItem(vaultUrl: string, newest: StoredVersion): object {
  return { id: secretId(vaultUrl, newest.name), ...describe(newest) };
}

/** A deleted secret. `at`: Unix seconds of the deletion. `inList`: its id then has no version. */
export function toDeletedSecret(vaultUrl: string, newest: StoredVersion, at: number, inList: boolean): object {
  return {
    recoveryId: `${vaultUrl}/deletedsecrets/${newest.name}`,
    deletedDate: at,
    scheduledPurgeDate: at + recoverableDays * secondsOfDay,
    ...(inList ? toSecretItem(vaultUrl, newest) : propertiesOf(vaultUrl, newest)),
  };
}

export function secretId(vaultUrl: string, name: string): string {
  return `${vaultUrl}/secrets/${name}`;
}

export function versionId(vaultUrl: string, version: StoredVersion): string {
  return `${secretId(vaultUrl, version.name)}/${version.version}`;
}

function describe(version: StoredVersion): object {
  return {
    ...(version.contentType === undefined ? {} : { contentType: version.contentType }),
    attributes: {
      enabled: version.enabled,
      ...(version.notBefore === undefined ? {} : { nbf: version.notBefore }),
      ...(version.expires === undefined ? {} : { exp: version.expires }),
      created: version.created,
      updated: version.updated,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays,
    },
    ...(version.tags === undefined ? {} : { tags: version.tags }),
  };
}
