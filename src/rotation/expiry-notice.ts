import { type Vault, parseSecretUrl } from '../secrets/secret-reference.ts';
import { isStagingName } from './observe/staging.ts';

/** What an event claims. A hint: the vault itself is asked before anything is done. */
export interface ExpiryNotice {
  readonly outcome: 'notice';
  readonly kind: 'near-expiry' | 'expired' | 'new-version';
  /** Event Grid's id of the event; a second delivery has the same. */
  readonly eventId: string;
  readonly vault: string;
  readonly secret: string;
  readonly version: string;
}

/** Why an event says nothing that a rotation could begin with. `code` is counted, `place` is where to look. */
export interface RefusedEvent {
  readonly outcome: 'refused';
  readonly code: 'not-json' | 'malformed' | 'unknown-type' | 'not-a-secret' | 'unknown-vault' | 'disagrees' | 'staging';
  readonly place: string;
  readonly eventId: string | null;
}

const kinds = {
  'microsoft.keyvault.secretnearexpiry': 'near-expiry',
  'microsoft.keyvault.secretexpired': 'expired',
  'microsoft.keyvault.secretnewversioncreated': 'new-version',
} as const;

/**
 * Reads one event, in Event Grid's own schema or as a CloudEvent, as an object or as its JSON text.
 * Only vaults of the settings are known: no address is ever taken from an event. Published samples have a blank after a
 * name (`"ObjectName "`) and before a version, and numbers as text: blanks are trimmed, times are not read at all.
 */
export function parseVaultEvent(received: unknown, vaults: readonly Vault[]): ExpiryNotice | RefusedEvent {
  const event = recordOf(received);
  if (event === null) return refused('not-json', 'event', null);
  const eventId = textIn(event, 'id');
  const type = textIn(event, 'eventType') ?? textIn(event, 'type');
  const source = textIn(event, 'topic') ?? textIn(event, 'source');
  const data = recordOf(event.get('data'));
  if (eventId === null) return refused('malformed', 'id', null);
  if (type === null) return refused('malformed', 'eventType', eventId);
  const kind = Object.hasOwn(kinds, type.toLowerCase()) ? kinds[type.toLowerCase() as keyof typeof kinds] : null;
  if (kind === null) return refused('unknown-type', 'eventType', eventId);
  if (source === null) return refused('malformed', 'topic', eventId);
  if (data === null) return refused('malformed', 'data', eventId);
  const vault = vaultOf(source, textIn(data, 'VaultName'), vaults);
  if (vault === null) return refused('unknown-vault', 'topic', eventId);
  if ((textIn(data, 'ObjectType') ?? '').toLowerCase() !== 'secret')
    return refused('not-a-secret', 'data.ObjectType', eventId);
  return noticeOf(kind, eventId, vault, textIn(event, 'subject'), data);
}

function noticeOf(
  kind: ExpiryNotice['kind'],
  eventId: string,
  vault: Vault,
  subject: string | null,
  data: ReadonlyMap<string, unknown>,
): ExpiryNotice | RefusedEvent {
  const secret = textIn(data, 'ObjectName')?.toLowerCase() ?? null;
  const version = textIn(data, 'Version')?.toLowerCase() ?? null;
  if (secret === null || !/^[0-9a-z-]{1,127}$/.test(secret)) return refused('malformed', 'data.ObjectName', eventId);
  if (version === null || !/^[0-9a-f]{32}$/.test(version)) return refused('malformed', 'data.Version', eventId);
  if (subject !== null && subject.toLowerCase() !== secret) return refused('disagrees', 'subject', eventId);
  const id = textIn(data, 'Id');
  const named = id === null ? null : parseSecretUrl(id);
  if (id !== null && (named?.name !== secret || named.version !== version))
    return refused('disagrees', 'data.Id', eventId);
  if (isStagingName(secret)) return refused('staging', 'data.ObjectName', eventId);
  return { outcome: 'notice', kind, eventId, vault: vault.name, secret, version };
}

/** By resource id where the settings give one; else by the name that ends the event's resource id. Both must be the same vault's. */
function vaultOf(source: string, vaultName: string | null, vaults: readonly Vault[]): Vault | null {
  const resourceId = source.toLowerCase().replace(/\/+$/, '');
  const name = /\/providers\/microsoft\.keyvault\/vaults\/([0-9a-z-]+)$/.exec(resourceId)?.[1];
  if (name === undefined || (vaultName !== null && vaultName.toLowerCase() !== name)) return null;
  return vaults.find((one) => (one.resourceId === null ? one.name === name : one.resourceId === resourceId)) ?? null;
}

/** The members of an object, or of the one object in an array, by name with blanks trimmed off; `null` for anything else. */
function recordOf(received: unknown): ReadonlyMap<string, unknown> | null {
  let value = received;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      return null;
    }
  }
  if (Array.isArray(value) && value.length === 1) [value] = value as unknown[];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value).map(([name, member]: [string, unknown]) => [name.trim().toLowerCase(), member]));
}

function textIn(record: ReadonlyMap<string, unknown>, name: string): string | null {
  const value = record.get(name.toLowerCase());
  return typeof value === 'string' && value.trim() !== '' && value.length <= 2_000 ? value.trim() : null;
}

function refused(code: RefusedEvent['code'], place: string, eventId: string | null): RefusedEvent {
  return { outcome: 'refused', code, place, eventId };
}
