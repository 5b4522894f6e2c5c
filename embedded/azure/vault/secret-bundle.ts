import type { StoredVersion } from './in-memory-secret-store.ts';

const recoverableDays = 90;
const secondsOfDay = 86_400;

/** The form of an answer: ids contain the vault's address, and fields depend on the API version. */
export interface BundleContext {
  readonly vaultUrl: string;
  readonly apiVersion: string;
}

/**
 * A version with its value, in the form of set and get. From api-version 2025-07-01 on it names the previous version.
 */
export function toSecretBundle(context: BundleContext, version: StoredVersion): object {
  return {
    value: version.value,
    ...propertiesOf(context, version),
    ...(namesPrevious(context.apiVersion) && version.previousVersion
      ? { previousVersion: version.previousVersion }
      : {}),
  };
}

/** A version without its value, in the form of update, recover and the list of versions. */
export function propertiesOf(context: BundleContext, version: StoredVersion): { readonly id: string } & object {
  return { id: versionId(context.vaultUrl, version), ...describe(context, version) };
}

/** A secret in the form of the list of secrets: the newest version's properties under an id without a version. */
export function toSecretItem(context: BundleContext, newest: StoredVersion): object {
  return { id: secretId(context.vaultUrl, newest.name), ...describe(context, newest) };
}

/** A deleted secret. `at`: Unix seconds of the deletion. `inList`: its id then has no version. */
export function toDeletedSecret(context: BundleContext, newest: StoredVersion, at: number, inList: boolean): object {
  return {
    recoveryId: `${context.vaultUrl}/deletedsecrets/${newest.name}`,
    deletedDate: at,
    scheduledPurgeDate: at + recoverableDays * secondsOfDay,
    ...(inList ? toSecretItem(context, newest) : propertiesOf(context, newest)),
  };
}

/** A written version in the log's form. */
export function toLoggedProperties(version: StoredVersion): object {
  return {
    type: version.contentType ?? '',
    attributes: {
      enabled: version.enabled,
      ...(version.notBefore === undefined ? {} : { nbf: version.notBefore }),
      ...(version.expires === undefined ? {} : { exp: version.expires }),
    },
  };
}

export function secretId(vaultUrl: string, name: string): string {
  return `${vaultUrl}/secrets/${name}`;
}

export function versionId(vaultUrl: string, version: StoredVersion): string {
  return `${secretId(vaultUrl, version.name)}/${version.version}`;
}

/** API versions are numbers up to 7.6 and dates since then. */
function namesPrevious(apiVersion: string): boolean {
  return /^\d{4}-/.test(apiVersion) && apiVersion >= '2025-07-01';
}

function describe({ apiVersion }: BundleContext, version: StoredVersion): object {
  return {
    ...(version.contentType === undefined ? {} : { contentType: version.contentType }),
    attributes: {
      enabled: version.enabled,
      ...(version.notBefore === undefined ? {} : { nbf: version.notBefore }),
      ...(version.expires === undefined ? {} : { exp: version.expires }),
      created: version.created,
      updated: version.updated,
      recoveryLevel: 'Recoverable+Purgeable',
      // Api-version 7.0 did not have it yet.
      ...(apiVersion === '7.0' ? {} : { recoverableDays }),
    },
    ...(version.managed ? { managed: true } : {}),
    ...(version.tags === undefined ? {} : { tags: version.tags }),
  };
}
