import type { SecretReference, Vault } from '../secrets/secret-reference.ts';
import { type AzurePlace, isVaultAddress, parseAddress, withoutSlash } from './address.ts';
import type { SettingReader } from './setting-reader.ts';

const resourceIdShape =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourcegroups\/[^/=]{1,90}\/providers\/microsoft\.keyvault\/vaults\/([a-z0-9-]{1,24})$/;
const secretName = /^[0-9A-Za-z-]{1,127}$/;
const must = 'URL or RESOURCE_ID=URL, of a vault in a domain of Azure (in the embedded cloud: on this machine)';

/** The vaults, each once by name and by address. */
export function readVaults(reader: SettingReader, azure: AzurePlace): readonly Vault[] {
  const text = reader.needed('KEYTURN_VAULTS', 'name at least one vault') ?? '';
  const vaults: Vault[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    if (entry.trim() === '') continue;
    const vault = parseVault(entry.trim(), azure);
    const place = `entry ${String(index + 1)}`;
    if (vault === undefined) reader.refuse('KEYTURN_VAULTS', `${place} must be ${must}`);
    else if (vaults.some(({ name, url }) => name === vault.name || url === vault.url)) {
      reader.refuse('KEYTURN_VAULTS', `${place} has the name or address of an earlier one`);
    } else vaults.push(vault);
  }
  return vaults;
}

export function readStagingVault(reader: SettingReader, vaults: readonly Vault[], azure: AzurePlace): Vault | null {
  const vault = reader.parsed('KEYTURN_STAGING_VAULT', (text) => parseVault(text, azure), must);
  if (vault === null) return null;
  // In a rotated vault the staged values would be beside what runners read; leaving the setting out means the same.
  if (vaults.some(({ name, url }) => name === vault.name || url === vault.url)) {
    reader.refuse('KEYTURN_STAGING_VAULT', 'is one of KEYTURN_VAULTS; name another one, or leave it out');
  }
  return vault;
}

/** A secret as `NAME` or `VAULT/NAME`; without a vault it is in the first of these. */
export function readStagingKeySecret(reader: SettingReader, vaults: readonly Vault[]): SecretReference | null {
  const [first] = vaults;
  const parse = (text: string): SecretReference | undefined => {
    const [name = '', vault = first?.name ?? '', ...rest] = text.split('/').reverse();
    const known = first === undefined || vaults.some((one) => one.name === vault.toLowerCase());
    if (rest.length > 0 || !secretName.test(name) || !known) return undefined;
    return { vault: vault.toLowerCase(), name: name.toLowerCase(), version: null };
  };
  const otherwise = first === undefined ? null : { vault: first.name, name: 'keyturn-staging-key', version: null };
  return (
    reader.parsed('KEYTURN_STAGING_KEY_SECRET', parse, 'NAME or VAULT/NAME of a secret in a vault of these settings') ??
    otherwise
  );
}

export function readCanarySecret(reader: SettingReader): string {
  const parse = (text: string) => (secretName.test(text) ? text.toLowerCase() : undefined);
  return reader.parsed('KEYTURN_CANARY_SECRET', parse, 'the name of a secret') ?? 'keyturn-canary';
}

function parseVault(text: string, azure: AzurePlace): Vault | undefined {
  const [address = '', resourceId = null, ...rest] = text.split('=').reverse();
  const url = parseAddress(address);
  if (url === undefined || rest.length > 0 || !isVaultAddress(url, azure)) return undefined;
  const hostName = url.hostname.split('.')[0] ?? '';
  if (resourceId === null) return { name: hostName, url: withoutSlash(url), resourceId: null };
  const id = resourceId.trim().toLowerCase();
  const name = resourceIdShape.exec(id)?.[1];
  // The host of an Azure vault is its name; another name would match events and log rows with the wrong vault.
  if (name === undefined || (!azure.embedded && name !== hostName)) return undefined;
  return { name, url: withoutSlash(url), resourceId: id };
}
