import { parseSecretUrl } from '../secrets/secret-reference.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import type { SecretSetting } from '../settings.ts';
import { type AzurePlace, isVaultAddress } from './address.ts';
import type { SettingReader } from './setting-reader.ts';
import type { SettingName } from './setting-table.ts';

const must = 'the secret itself, or its address in a vault of Azure: https://VAULT/secrets/NAME';

/**
 * A secret among the settings. App Service and Functions replace a reference with its value before Keyturn starts;
 * elsewhere Keyturn reads the vault by the same reference.
 */
export function readSecretSetting(reader: SettingReader, name: SettingName, azure: AzurePlace): SecretSetting | null {
  return reader.parsed(name, (text) => parseSecretSetting(text, azure), must);
}

/** Whether a text is meant as a reference, valid or not. */
export function isSecretReference(text: string): boolean {
  return text.startsWith('@Microsoft.KeyVault') || (URL.canParse(text) && /^https?:\/\/[^/]+\/secrets\//i.test(text));
}

function parseSecretSetting(text: string, azure: AzurePlace): SecretSetting | undefined {
  if (!isSecretReference(text)) return { kind: 'value', value: new SecretValue(text) };
  const address = /^@Microsoft\.KeyVault\((.*)\)$/.exec(text)?.[1];
  const url = URL.parse(address === undefined ? text : addressIn(address, azure));
  const secret = url === null ? null : parseSecretUrl(url.href);
  if (url === null || secret === null || !isVaultAddress(new URL(url.origin), azure)) return undefined;
  return { kind: 'reference', vaultUrl: url.origin, name: secret.name, version: secret.version };
}

/** Both forms of Azure: `SecretUri=…`, and `VaultName=…;SecretName=…[;SecretVersion=…]`. */
function addressIn(words: string, { cloud }: AzurePlace): string {
  const parts = new Map(
    words.split(';').map((part) => [part.split('=')[0]?.trim(), part.slice(part.indexOf('=') + 1).trim()]),
  );
  const uri = parts.get('SecretUri');
  if (uri !== undefined) return uri;
  const [vault, name, version] = [parts.get('VaultName'), parts.get('SecretName'), parts.get('SecretVersion')];
  if (vault === undefined || name === undefined || !/^[A-Za-z0-9-]+$/.test(vault)) return '';
  return `https://${vault}.${cloud.vaultDomain}/secrets/${name}${version === undefined ? '' : `/${version}`}`;
}
