/** What may be granted to a principal. */
export type VaultRight = 'get' | 'set' | 'list' | 'update' | 'delete' | 'recover';

/** One operation on a vault, in the terms of its audit log. */
export interface VaultOperation {
  readonly name: string;
  /** `null` for calls on the whole vault. */
  readonly secret: string | null;
  /** `null` for the newest. */
  readonly version: string | null;
  readonly deleted: boolean;
  /** The rights, of which one suffices; empty if the embedded vault does not support the operation. */
  readonly rights: readonly VaultRight[];
  /** The name in Azure's role definitions. */
  readonly action: string;
  readonly write: boolean;
}

type Shape = Pick<VaultOperation, 'name' | 'rights' | 'action' | 'write'>;

/** `S` stands for a secret's name, `V` for a version. */
const shapes: Readonly<Record<string, Shape>> = {
  'PUT secrets/S': { name: 'SecretSet', rights: ['set'], action: 'setSecret/action', write: true },
  'GET secrets/S': { name: 'SecretGet', rights: ['get'], action: 'getSecret/action', write: false },
  'GET secrets/S/V': { name: 'SecretGet', rights: ['get'], action: 'getSecret/action', write: false },
  'PATCH secrets/S': { name: 'SecretUpdate', rights: ['update', 'set'], action: 'update/action', write: true },
  'PATCH secrets/S/V': { name: 'SecretUpdate', rights: ['update', 'set'], action: 'update/action', write: true },
  'DELETE secrets/S': { name: 'SecretDelete', rights: ['delete'], action: 'delete', write: true },
  'GET secrets': { name: 'SecretList', rights: ['list'], action: 'readMetadata/action', write: false },
  'GET secrets/S/versions': {
    name: 'SecretListVersions',
    rights: ['list'],
    action: 'readMetadata/action',
    write: false,
  },
  'GET deletedsecrets': { name: 'SecretListDeleted', rights: ['list'], action: 'readMetadata/action', write: false },
  'GET deletedsecrets/S': {
    name: 'SecretGetDeleted',
    rights: ['get', 'list'],
    action: 'readMetadata/action',
    write: false,
  },
  'POST deletedsecrets/S/recover': {
    name: 'SecretRecover',
    rights: ['recover'],
    action: 'recover/action',
    write: true,
  },
  // Recognised, so that the log has rows for them, but refused, because no part of the product may use them.
  'DELETE deletedsecrets/S': { name: 'SecretPurge', rights: [], action: 'purge/action', write: true },
  'POST secrets/S/backup': { name: 'SecretBackup', rights: [], action: 'backup/action', write: false },
  'POST secrets/restore': { name: 'SecretRestore', rights: [], action: 'restore/action', write: true },
};

/** The operation of a request; `null` if the vault has no such route. */
export function recogniseOperation(method: string, segments: readonly string[]): VaultOperation | null {
  const [collection, secret, third] = segments;
  if (segments.length > 3) return null;
  const restore = method === 'POST' && collection === 'secrets' && secret === 'restore' && third === undefined;
  const fixed = third === 'versions' || third === 'recover' || third === 'backup';
  const version = fixed ? third : 'V';
  const path = restore
    ? 'secrets/restore'
    : [collection, secret === undefined ? null : 'S', third === undefined ? null : version]
        .filter((part) => part !== null)
        .join('/');
  const shape = shapes[`${method} ${path}`];
  if (!shape) return null;
  return {
    ...shape,
    secret: restore ? null : (secret ?? null),
    version: fixed || third === undefined ? null : third,
    deleted: collection === 'deletedsecrets',
  };
}
