import { randomUUID } from 'node:crypto';
import { versionId } from '../vault/secret-bundle.ts';
import type { StoredVersion } from '../vault/in-memory-secret-store.ts';

export type SecretEventType = 'SecretNearExpiry' | 'SecretExpired' | 'SecretNewVersionCreated';

/** One event about one version, independent of the schema. */
export interface SecretEvent {
  readonly id: string;
  readonly type: SecretEventType;
  readonly at: Date;
  readonly version: StoredVersion;
}

export interface EventSource {
  readonly name: string;
  readonly url: string;
  readonly resourceId: string;
}

export function newSecretEvent(type: SecretEventType, version: StoredVersion, at: Date): SecretEvent {
  return { id: randomUUID(), type, at, version };
}

/** Event Grid's own schema. */
export function toEventGridEvent(event: SecretEvent, vault: EventSource): object {
  return {
    id: event.id,
    topic: vault.resourceId,
    subject: event.version.name,
    eventType: `Microsoft.KeyVault.${event.type}`,
    eventTime: event.at.toISOString(),
    data: dataOf(event.version, vault),
    dataVersion: '1',
    metadataVersion: '1',
  };
}

/** CloudEvents 1.0. */
export function toCloudEvent(event: SecretEvent, vault: EventSource): object {
  return {
    id: event.id,
    source: vault.resourceId,
    subject: event.version.name,
    type: `Microsoft.KeyVault.${event.type}`,
    time: event.at.toISOString(),
    data: dataOf(event.version, vault),
    specversion: '1.0',
  };
}

/** NBF and EXP are numbers, as in the published schema (its samples have text), and null if unset. */
function dataOf(version: StoredVersion, vault: EventSource): object {
  return {
    Id: versionId(vault.url, version),
    VaultName: vault.name,
    ObjectType: 'Secret',
    ObjectName: version.name,
    Version: version.version,
    NBF: version.notBefore ?? null,
    EXP: version.expires ?? null,
  };
}
