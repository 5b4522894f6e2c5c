import type { TokenCredential } from '@azure/identity';
import type { RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { PostureSource } from '../audit/posture/posture-source.ts';
import { archiveRetrievalLog } from '../azure/archive-retrieval-log.ts';
import { blobRecordStore } from '../azure/blob-record-store.ts';
import { keyVaultSecretStore } from '../azure/key-vault-secret-store.ts';
import { logAnalyticsRetrievalLog } from '../azure/log-analytics-retrieval-log.ts';
import { monitorQuery } from '../azure/monitor-query.ts';
import { azurePostureSource } from '../azure/posture/azure-posture-source.ts';
import type { VaultAccess } from '../azure/vault-client.ts';
import { archiveFolder } from '../evidence/pack/pack-sink.ts';
import type { Signer } from '../evidence/pack/signer.ts';
import { folderRecordStore } from '../files/folder-record-store.ts';
import { localSigner } from '../files/local-signer.ts';
import { type Logger, silentLogger } from '../log/logger.ts';
import { pinoLogger } from '../log/pino-logger.ts';
import type { RecordStore } from '../records/record-store.ts';
import { routedRecordStore } from '../records/routed-record-store.ts';
import type { SecretStore } from '../rotation/ports/secret-store.ts';
import { ServiceError } from '../service-error.ts';
import { readOperatorFile } from '../command-line/read-operator-file.ts';
import type { Settings } from '../settings.ts';
import type { CompositionOptions } from './composition.ts';
import { version } from './version.ts';

/** Opens the record store that the settings name. @throws ServiceError `RECORD_STORE_…`. */
export async function openRecords({ records, cloud }: Settings, credential: TokenCredential): Promise<RecordStore> {
  if (records.kind === 'folder') return await folderRecordStore(records.directory);
  // Elsewhere the account itself is asked for: the name that all accounts share is one of the public cloud.
  const audience = cloud.name === 'public' ? {} : { audience: `${new URL(records.containerUrl).origin}/.default` };
  const store = await blobRecordStore(records.containerUrl, credential, audience);
  if (records.packsUrl === null) return store;
  return routedRecordStore(store, archiveFolder(''), await blobRecordStore(records.packsUrl, credential, audience));
}

/** How to reach each vault of the settings, including the staging vault. */
export function vaultAccess(settings: Settings, credential: TokenCredential): readonly VaultAccess[] {
  const { vaults, stagingVault, embedded } = settings;
  const all = stagingVault === null ? vaults : [...vaults, stagingVault];
  return all.map((vault) => ({ vault, credential, embedded, userAgent: `keyturn-service/${version}` }));
}

/** Opens one secret store for each vault, by the vault's short name. Sends no request. */
export function openVaults(access: readonly VaultAccess[]): ReadonlyMap<string, SecretStore> {
  return new Map(access.map((one) => [one.vault.name, keyVaultSecretStore(one)]));
}

/** Opens the storage archive of the log that the settings name; `null` if they name none. */
export function openLogArchive(
  { logArchive, vaults, cloud }: Settings,
  credential: TokenCredential,
): RetrievalLog | null {
  if (logArchive === null) return null;
  // Elsewhere the account itself is asked for: the name that all accounts share is one of the public cloud.
  const audience = cloud.name === 'public' ? {} : { audience: `${new URL(logArchive).origin}/.default` };
  return archiveRetrievalLog({ containerUrl: logArchive, credential, vaults, ...audience });
}

/**
 * The certificate of the https servers of an embedded cloud, which no authority signs; `null` elsewhere. They have one
 * among them.
 */
export function readEmbeddedCertificate({ embedded, log }: Settings): string | null {
  const file = log?.certificateFile ?? null;
  return embedded && file !== null ? readCertificate(file) : null;
}

function readCertificate(file: string): string {
  return readOperatorFile(file, (fault, cause) => {
    return new ServiceError('SETTINGS_MALFORMED', { faults: [`the certificate: ${fault}`] }, { cause });
  });
}

/** Opens the log workspace that the settings name; `null` if they name none. */
export async function openRetrievalLog(
  { log, vaults, cloud }: Settings,
  credential: TokenCredential,
): Promise<RetrievalLog | null> {
  if (log === null) return null;
  const { workspaceId, endpoint, certificateFile, client } = log;
  const workspace = {
    endpoint: endpoint ?? cloud.logAnalytics,
    audience: cloud.logAnalytics,
    workspaceId,
    credential,
    ...(certificateFile === null ? {} : { certificate: readCertificate(certificateFile) }),
  };
  const query =
    client === 'monitor-query'
      ? monitorQuery(workspace)
      : (await import('../azure/monitor-query-logs.ts')).monitorQueryLogs(workspace);
  return logAnalyticsRetrievalLog(query, { workspaceId, vaults });
}

/** Looks at grants and at how vaults are set up; `null` in an embedded cloud that has no Resource Manager. */
export function openPostureSource(
  { management, cloud, embedded, vaults, stagingVault, log }: Settings,
  credential: TokenCredential,
): PostureSource | null {
  const { resourceManager, graph } = management;
  if (embedded && (resourceManager === null || graph === null)) return null;
  return azurePostureSource({
    resourceManager: {
      endpoint: resourceManager ?? cloud.resourceManager,
      audience: cloud.resourceManager,
      credential,
      embedded,
    },
    graph: { endpoint: graph ?? cloud.graph, audience: cloud.graph, credential, embedded },
    vaults,
    stagingVault,
    workspaceId: log?.workspaceId ?? null,
  });
}

/** The key that seals packs. It is opened when the first pack is sealed. */
export function openSigner({ signingKey, embedded }: Settings, credential: TokenCredential): () => Promise<Signer> {
  return async () => {
    if (signingKey === null) {
      throw new ServiceError('SETTINGS_MALFORMED', { faults: ['KEYTURN_SIGNING_KEY: needed to seal a pack'] });
    }
    if (signingKey.kind === 'file') return await localSigner(signingKey.path);
    // Loaded only when a vault key seals, because most self-hosted installations seal with a file.
    const { keyVaultSigner } = await import('../azure/key-vault-signer.ts');
    return await keyVaultSigner({ keyId: signingKey.keyId, credential, embedded });
  };
}

/** Opens the log of the service; a host that names no place for it gets a silent one. */
export function openLogger(
  { logging }: Settings,
  { now, logTo }: { readonly now: () => Date; readonly logTo: CompositionOptions['logTo'] },
): Logger {
  if (logTo === undefined) return silentLogger;
  const format = logging.format ?? (logTo.isTerminal ? 'readable' : 'json');
  return pinoLogger({ level: logging.level, format, now, write: logTo.write });
}
