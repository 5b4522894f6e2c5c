import type { Clock } from '../../clock.ts';
import { startLoopbackServer } from '../../loopback-server.ts';
import { answerVaultRequest, type VaultServices } from './answer-vault-request.ts';
import { azureIds } from '../azure-ids.ts';
import type { WritableAuditLog } from '../audit-log/create-audit-log.ts';
import type { Authorisation } from '../authorisation/authorisation.ts';
import type { IdentityRegister } from '../identity/identity-register.ts';
import type { EmbeddedKeyVault } from './key-vault.ts';
import { createInMemorySecretStore, type EmbeddedSecretStore, type StoredVersion } from './in-memory-secret-store.ts';
import { createVaultFaults } from './vault-faults.ts';
import { createVaultConfiguration } from './vault-configuration.ts';
import { createVaultGrants } from './vault-grants.ts';
import { createWriteLimit } from './write-limit.ts';

/** Starts Key Vault's secrets API over http on localhost; every request writes a row to the log. */
export async function startKeyVault(options: {
  readonly clock: Clock;
  readonly register: IdentityRegister;
  readonly auditLog: WritableAuditLog;
  readonly authorisation: Authorisation;
  readonly name?: string;
  /** Whom a token must be for; the public cloud's name when absent. */
  readonly audience?: string;
  readonly port?: number;
  readonly secretStore?: EmbeddedSecretStore;
  /** Called for every version that a request adds. */
  readonly onNewVersion?: (version: StoredVersion) => void;
}): Promise<EmbeddedKeyVault & { stop(): Promise<void> }> {
  const name = options.name ?? 'keyturn-embedded';
  const secretStore = options.secretStore ?? createInMemorySecretStore();
  const resourceId = azureIds.vault(name);
  const toWorkspace = {
    name: 'keyturn',
    workspaceId: azureIds.workspaceResource,
    storageAccountId: null,
    enabled: true,
  };
  const configuration = createVaultConfiguration([toWorkspace]);
  const grants = createVaultGrants({ authorisation: options.authorisation, configuration, resourceId });
  const requests = new Map<string, number>();
  const faults = createVaultFaults();
  const limit = createWriteLimit(options.clock);
  const services: VaultServices = {
    ...options,
    name,
    resourceId,
    audience: options.audience ?? 'https://vault.azure.net',
    url: '',
    secretStore,
    grants,
    faults,
    limit,
    onNewVersion: options.onNewVersion ?? (() => undefined),
  };
  const server = await startLoopbackServer({
    clock: options.clock,
    ...(options.port === undefined ? {} : { port: options.port }),
    answer(request) {
      const hour = `${options.clock.now().toISOString().slice(0, 13)}:00:00Z`;
      requests.set(hour, (requests.get(hour) ?? 0) + 1);
      return answerVaultRequest({ ...services, url: `http://localhost:${server.port}` }, request);
    },
  });
  return {
    name,
    url: `http://localhost:${server.port}`,
    resourceId: services.resourceId,
    grant: (principal, rights, secret) => grants.grant(principal, rights, secret ?? null),
    revokeGrants: (principal) => grants.revoke(principal),
    configuration,
    requestsByHour: () => new Map(requests),
    fault: (fault) => faults.add(fault),
    limitWrites: (perTenSeconds, retryAfterSeconds) => limit.set(perTenSeconds, retryAfterSeconds),
    everyValue: () => secretStore.everyValue(),
    seed: (secret) => secretStore.add(toSeeded(secret, options.clock.now())).version,
    versions: (secret) => secretStore.versions(secret).map(toShown),
    stop: () => server.stop(),
  };
}

function toSeeded(
  secret: Parameters<EmbeddedKeyVault['seed']>[0],
  now: Date,
): Omit<StoredVersion, 'version' | 'previousVersion'> {
  const created = toSeconds(secret.created ?? now);
  return {
    name: secret.name,
    value: secret.value,
    enabled: secret.enabled ?? true,
    created,
    updated: created,
    ...(secret.notBefore ? { notBefore: toSeconds(secret.notBefore) } : {}),
    ...(secret.expires ? { expires: toSeconds(secret.expires) } : {}),
    ...(secret.contentType === undefined ? {} : { contentType: secret.contentType }),
    ...(secret.tags === undefined ? {} : { tags: secret.tags }),
    ...(secret.managed ? { managed: true } : {}),
  };
}

function toShown(version: StoredVersion): ReturnType<EmbeddedKeyVault['versions']>[number] {
  return {
    version: version.version,
    enabled: version.enabled,
    created: new Date(version.created * 1000),
    expires: version.expires === undefined ? null : new Date(version.expires * 1000),
    tags: version.tags ?? {},
  };
}

function toSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
