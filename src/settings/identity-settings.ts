import { SecretValue } from '../secrets/secret-value.ts';
import type { IdentitySettings } from '../settings.ts';
import { isThisMachine, parseAddress, withoutSlash } from './address.ts';
import { isSecretReference } from './secret-setting.ts';
import type { SettingReader } from './setting-reader.ts';
import type { SettingName } from './setting-table.ts';

const kinds = ['managed-identity', 'workload-identity', 'client-secret', 'client-certificate'] as const;

/** Settings of one kind only. With another kind they would do nothing while the operator believes that they do. */
const belongsTo: readonly (readonly [SettingName, (typeof kinds)[number]])[] = [
  ['KEYTURN_IDENTITY_ENDPOINT', 'managed-identity'],
  ['KEYTURN_IDENTITY_TOKEN_FILE', 'workload-identity'],
  ['KEYTURN_IDENTITY_CLIENT_SECRET', 'client-secret'],
  ['KEYTURN_IDENTITY_CERTIFICATE_FILE', 'client-certificate'],
];

/** `null` after a fault. */
export function readIdentity(reader: SettingReader, embedded: boolean): IdentitySettings | null {
  if (reader.needed('KEYTURN_IDENTITY_KIND', `one of ${kinds.join(', ')}`) === null) return null;
  const kind = reader.parsed('KEYTURN_IDENTITY_KIND', (text) => kinds.find((one) => one === text), kinds.join(' or '));
  if (kind === null) return null;
  for (const [name, owner] of belongsTo) {
    if (owner !== kind && reader.given(name) !== null) reader.refuse(name, `belongs only to the identity ${owner}`);
  }

  if (kind === 'managed-identity')
    return { kind, clientId: readClientId(reader), endpoint: readEndpoint(reader, embedded) };
  reader.needed('KEYTURN_IDENTITY_CLIENT_ID', `the identity ${kind} needs it`);
  reader.needed('KEYTURN_TENANT_ID', `the identity ${kind} needs it`);
  const clientId = readClientId(reader);
  const tenantId = reader.parsed('KEYTURN_TENANT_ID', parseId, 'the id of a tenant');
  const own = readOwn(reader, kind);
  return clientId === null || tenantId === null || own === null ? null : { tenantId, clientId, ...own };
}

type Own<Identity> = Identity extends IdentitySettings ? Omit<Identity, 'tenantId' | 'clientId'> : never;

function readOwn(reader: SettingReader, kind: Exclude<(typeof kinds)[number], 'managed-identity'>) {
  type Result = Own<Exclude<IdentitySettings, { kind: 'managed-identity' }>> | null;
  const why = `the identity ${kind} needs it`;
  const read = {
    'workload-identity': (): Result => {
      const tokenFile = reader.needed('KEYTURN_IDENTITY_TOKEN_FILE', why);
      return tokenFile === null ? null : { kind: 'workload-identity', tokenFile };
    },
    'client-secret': (): Result => {
      const text = reader.needed('KEYTURN_IDENTITY_CLIENT_SECRET', why);
      if (text !== null && isSecretReference(text)) {
        reader.refuse('KEYTURN_IDENTITY_CLIENT_SECRET', 'cannot be read from a vault: it is what opens the vault');
      }
      return text === null ? null : { kind: 'client-secret', clientSecret: new SecretValue(text) };
    },
    'client-certificate': (): Result => {
      const certificateFile = reader.needed('KEYTURN_IDENTITY_CERTIFICATE_FILE', why);
      return certificateFile === null ? null : { kind: 'client-certificate', certificateFile };
    },
  };
  return read[kind]();
}

function readClientId(reader: SettingReader): string | null {
  return reader.parsed('KEYTURN_IDENTITY_CLIENT_ID', parseId, 'the id of an application');
}

function readEndpoint(reader: SettingReader, embedded: boolean): string | null {
  if (embedded) reader.needed('KEYTURN_IDENTITY_ENDPOINT', 'the embedded cloud has its own');
  const parse = (text: string) => {
    const url = parseAddress(text);
    return embedded && url !== undefined && isThisMachine(url.hostname) ? withoutSlash(url) : undefined;
  };
  return reader.parsed('KEYTURN_IDENTITY_ENDPOINT', parse, 'an address of this machine, only in the embedded cloud');
}

/** A GUID, in lower case. */
export function parseId(text: string): string | undefined {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
}
