import { jsonProperties } from '../../gitea/json-properties.ts';
import type { AzureCloud } from '../../secrets/azure-cloud.ts';
import type { ArmResource } from './arm-resource.ts';

/** One of a resource's two keys. */
export interface ServiceKey {
  /** Its name in the renewal request. */
  readonly slot: string;
  readonly key: string;
  /** When it was created, if the service states it. */
  readonly madeAt: Date | null;
}

export interface TwoKeyService {
  /** The resource's type, lower-case. */
  readonly type: string;
  readonly apiVersion: string;
  /** The action that lists keys. */
  readonly list: string;
  /** Returns the two keys from the list's answer, with full or read-only access; `null` if they are missing. */
  read(body: unknown, access: KeyAccess): readonly [ServiceKey, ServiceKey] | null;
  /** The action that renews one key, and its body. */
  renew(slot: string): { readonly action: string; readonly body?: Readonly<Record<string, string>> };
  readonly readOnlyKeys: boolean;
  /** The part of a connection string with the key: `AccountKey`. `null`: Keyturn builds none. */
  readonly keyField: string | null;
  connectionString(resource: ArmResource, key: Pick<ServiceKey, 'slot' | 'key'>, cloud: AzureCloud): string;
  /** The published source of the list, the renewal and their shapes, read in November 2026. */
  readonly source: string;
  /** Whether the connection string's form also comes from published examples. */
  readonly connectionStringConfirmed: boolean;
}

type KeyAccess = 'full' | 'read-only';

/** Reads keys that are fields of the answer, by slot. */
export function keysInFields(
  body: unknown,
  places: Readonly<Record<string, string>>,
): readonly [ServiceKey, ServiceKey] | null {
  const answer = jsonProperties(body);
  return pair(Object.entries(places).map(([slot, place]) => ({ slot, key: answer.get(place), madeAt: null })));
}

/** Reads keys from a list by name; `slotField` if they are renewed by something other than the name. */
export function keysByName(
  body: unknown,
  list: string,
  nameField: string,
  timeField: string | null,
  names: readonly string[],
  slotField = nameField,
): readonly [ServiceKey, ServiceKey] | null {
  const entries = jsonProperties(body).get(list);
  const keys = (Array.isArray(entries) ? entries : []).map(jsonProperties);
  return pair(
    names.map((name) => {
      const key = keys.find((one) => one.get(nameField) === name);
      const madeAt = timeField === null ? undefined : key?.get(timeField);
      const slot = key?.get(slotField);
      return {
        slot: typeof slot === 'string' ? slot : '',
        key: key?.get('value'),
        madeAt: typeof madeAt === 'string' ? new Date(madeAt) : null,
      };
    }),
  );
}

function pair(
  found: readonly { slot: string; key: unknown; madeAt: Date | null }[],
): readonly [ServiceKey, ServiceKey] | null {
  const keys = found.flatMap(({ slot, key, madeAt }) =>
    typeof key === 'string' && key !== '' && slot !== '' ? [{ slot, key, madeAt }] : [],
  );
  const [one, other] = keys;
  return one === undefined || other === undefined ? null : [one, other];
}
