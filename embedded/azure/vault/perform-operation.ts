import { listSecrets, type ListQuery } from './list-secrets.ts';
import {
  propertiesOf,
  secretId,
  toDeletedSecret,
  toLoggedProperties,
  toSecretBundle,
  versionId,
} from './secret-bundle.ts';
import { parseSecretRequest, refuseName } from './secret-request.ts';
import type { EmbeddedSecretStore, StoredVersion } from './in-memory-secret-store.ts';
import {
  badParameter,
  deletedSecretNotFound,
  managedByVault,
  nameIsDeleted,
  secretDisabled,
  secretNotFound,
  type VaultAnswer,
  vaultError,
} from './vault-answer.ts';
import type { VaultOperation } from './vault-operation.ts';

export interface PerformContext {
  readonly secretStore: EmbeddedSecretStore;
  readonly vaultUrl: string;
  /** Unix seconds. */
  readonly now: number;
  readonly apiVersion: string;
  readonly body: string;
  readonly list: ListQuery;
  onNewVersion(version: StoredVersion): void;
}

/** Performs an allowed operation and returns the answer, without regard to identities, faults and logs. */
export function performOperation(operation: VaultOperation, context: PerformContext): VaultAnswer {
  if (operation.secret === null) return listSecrets(operation, context);
  const refused = refuseName(operation.secret);
  if (refused) return refused;
  switch (operation.name) {
    case 'SecretSet':
      return setSecret(operation.secret, context);
    case 'SecretGet':
      return getSecret(operation.secret, operation.version, context);
    case 'SecretUpdate':
      return updateSecret(operation.secret, operation.version, context);
    case 'SecretDelete':
      return deleteSecret(operation.secret, context);
    case 'SecretListVersions':
      return listSecrets(operation, context);
    case 'SecretGetDeleted':
      return getDeletedSecret(operation.secret, context);
    case 'SecretRecover':
      return recoverSecret(operation.secret, context);
    default:
      return vaultError(501, 'NotImplemented', `${operation.name} is not done by the embedded vault`);
  }
}

function setSecret(name: string, context: PerformContext): VaultAnswer {
  if (context.secretStore.deleted(name)) return { ...nameIsDeleted(name), id: secretId(context.vaultUrl, name) };
  if (context.secretStore.versions(name).at(-1)?.managed) return managedByVault('set');
  const request = parseSecretRequest(context.body);
  if ('status' in request) return request;
  if (request.value === undefined) return badParameter('Property value is required');
  const added = context.secretStore.add({
    name,
    value: request.value,
    enabled: request.enabled ?? true,
    created: context.now,
    updated: context.now,
    ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
    ...(request.tags === undefined ? {} : { tags: request.tags }),
    ...(typeof request.notBefore === 'number' ? { notBefore: request.notBefore } : {}),
    ...(typeof request.expires === 'number' ? { expires: request.expires } : {}),
  });
  context.onNewVersion(added);
  return { ...bundle(context, added), secretProperties: toLoggedProperties(added) };
}

function getSecret(name: string, version: string | null, context: PerformContext): VaultAnswer {
  const found = find(name, version, context);
  if (!found) return { ...secretNotFound(name, version), id: secretId(context.vaultUrl, name) };
  // A disabled newest version blocks everyone who requests the latest, because Azure does not fall back to older
  // versions.
  if (!found.enabled) return { ...secretDisabled(), id: secretId(context.vaultUrl, name) };
  return bundle(context, found);
}

function updateSecret(name: string, version: string | null, context: PerformContext): VaultAnswer {
  const found = find(name, version, context);
  if (!found) return { ...secretNotFound(name, version), id: secretId(context.vaultUrl, name) };
  if (found.managed) return managedByVault('update');
  const request = parseSecretRequest(context.body);
  if ('status' in request) return request;
  const { notBefore, expires, ...kept } = found;
  const from = request.notBefore === undefined ? notBefore : (request.notBefore ?? undefined);
  const until = request.expires === undefined ? expires : (request.expires ?? undefined);
  const updated: StoredVersion = {
    ...kept,
    enabled: request.enabled ?? found.enabled,
    updated: context.now,
    ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
    // A map in the request replaces the whole map; without one, it stays.
    ...(request.tags === undefined ? {} : { tags: request.tags }),
    ...(from === undefined ? {} : { notBefore: from }),
    ...(until === undefined ? {} : { expires: until }),
  };
  context.secretStore.replace(updated);
  return {
    status: 200,
    body: propertiesOf(context, updated),
    id: versionId(context.vaultUrl, updated),
    secretProperties: toLoggedProperties(updated),
  };
}

function deleteSecret(name: string, context: PerformContext): VaultAnswer {
  const newest = context.secretStore.versions(name).at(-1);
  if (!newest) return { ...secretNotFound(name, null), id: secretId(context.vaultUrl, name) };
  if (newest.managed) return managedByVault('delete');
  context.secretStore.delete(name, context.now);
  return {
    status: 200,
    body: toDeletedSecret(context, newest, context.now, false),
    id: versionId(context.vaultUrl, newest),
  };
}

function getDeletedSecret(name: string, context: PerformContext): VaultAnswer {
  const found = context.secretStore.deleted(name);
  const id = `${context.vaultUrl}/deletedsecrets/${name}`;
  if (!found) return { ...deletedSecretNotFound(name), id };
  if (!found.newest.enabled) return { ...secretDisabled(), id };
  return { status: 200, body: toDeletedSecret(context, found.newest, found.at, false), id };
}

function recoverSecret(name: string, context: PerformContext): VaultAnswer {
  const found = context.secretStore.deleted(name);
  if (!found) return deletedSecretNotFound(name);
  context.secretStore.recover(name);
  return {
    status: 200,
    body: propertiesOf(context, found.newest),
    id: versionId(context.vaultUrl, found.newest),
  };
}

function find(name: string, version: string | null, context: PerformContext): StoredVersion | undefined {
  const versions = context.secretStore.versions(name);
  return version === null ? versions.at(-1) : versions.find((one) => one.version === version.toLowerCase());
}

function bundle(context: PerformContext, version: StoredVersion): VaultAnswer {
  return {
    status: 200,
    body: toSecretBundle(context, version),
    id: versionId(context.vaultUrl, version),
  };
}
