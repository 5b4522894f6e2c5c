import { parseArmResource } from '../../issuers/azure/arm-resource.ts';
import { registryTokenType } from '../../issuers/azure/azure-registry-token-issuer.ts';
import { twoKeyServices } from '../../issuers/azure/two-key-services.ts';
import type { TargetValue } from '../../secrets/policy.ts';
import type { Recognition, Sighting } from './recognition.ts';
import { hasWords, plainWords } from './words-in-names.ts';

/** The tags that tell Microsoft's sample functions what to rotate. Source: Azure-Samples, KeyVault-Rotation-… */
export const sampleTags = {
  validity: 'ValidityPeriodDays',
  slot: 'CredentialId',
  provider: 'ProviderAddress',
} as const;

/** Which issuer has the logins of a database server of Azure, by the type of its resource. */
const databases: ReadonlyMap<string, string> = new Map([
  ['microsoft.dbforpostgresql/flexibleservers', 'postgresql'],
  ['microsoft.dbforpostgresql/servers', 'postgresql'],
  ['microsoft.dbformariadb/servers', 'mariadb'],
  ['microsoft.dbformysql/flexibleservers', 'mysql-dual-password'],
  ['microsoft.dbformysql/servers', 'mysql-dual-password'],
  ['microsoft.sql/servers', 'sqlserver'],
]);
const keyTypes = twoKeyServices.map(({ type }) => type);
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What the tags of a secret tell; `null` if they tell nothing. */
export function recogniseTags(sighting: Sighting): Recognition | null {
  const { tags } = sighting.secret;
  const provider = tags[sampleTags.provider] ?? '';
  if (provider.startsWith('/subscriptions/')) return azureResource(sighting, provider);
  const address = URL.parse(provider);
  if (address !== null && /^https?:$/.test(address.protocol)) return webAddress(sighting, address);
  return application(sighting);
}

function azureResource({ secret }: Sighting, provider: string): Recognition | null {
  const resource = parseArmResource(provider);
  if (resource === null) return null;
  const issuer = databases.get(resource.type);
  if (issuer !== undefined) {
    const because = `its tag ${sampleTags.provider} names a server of type ${resource.type}`;
    return {
      kind: 'issuer',
      issuer,
      target: loginOf(issuer, secret.tags[sampleTags.slot]),
      confidence: 'high',
      because,
    };
  }
  // A namespace has its keys in rules below it; the issuer's own rules then say that the id names none.
  if (keyTypes.some((type) => type === resource.type || type.startsWith(`${resource.type}/`))) {
    const because = `its tag ${sampleTags.provider} names a resource of type ${resource.type}, which has two keys`;
    const target = { resource: provider, ...formOf(secret) };
    return { kind: 'issuer', issuer: 'azure-keys', target, confidence: 'high', because };
  }
  if (resource.type === registryTokenType) {
    const because = `its tag ${sampleTags.provider} names a token of a container registry`;
    return { kind: 'issuer', issuer: 'azure-registry-token', target: { token: provider }, confidence: 'high', because };
  }
  const because = `its tag ${sampleTags.provider} names a resource of type ${resource.type}, for which there is no issuer`;
  return { kind: 'track', confidence: 'medium', because };
}

/** The tag names the login in force. Two names that end in `a` and `b` are how most people call a pair of users. */
function loginOf(issuer: string, login: string | undefined): Readonly<Record<string, TargetValue>> {
  if (login === undefined || !/^[a-z_][a-z0-9_]{0,30}$/.test(login)) return {};
  if (issuer === 'mysql-dual-password') return { user: login };
  const pair = /^(.*_)([ab])$/.exec(login);
  return pair === null ? {} : { users: [`${pair[1] ?? ''}a`, `${pair[1] ?? ''}b`] };
}

/** The form of an Azure key: the content type or the name says that it is a whole connection string. */
export function formOf({ name, contentType }: Sighting['secret']): { readonly form?: 'connection-string' } {
  const says = `${plainWords(name)}-${plainWords(contentType ?? '')}`;
  return hasWords(says, 'connection-?strings?|connection|conn-?str') ? { form: 'connection-string' } : {};
}

function webAddress({ giteaUrl }: Sighting, address: URL): Recognition {
  const ours = giteaUrl !== null && URL.parse(giteaUrl)?.origin === address.origin;
  const [, user] = /\/users\/([\w.-]{1,40})\/?$/.exec(address.pathname) ?? [];
  if (user !== undefined && (ours || /(?:^|\.)(?:git|gitea|forgejo)\./.test(address.hostname))) {
    const because = `its tag ${sampleTags.provider} names a user of ${ours ? 'the Gitea of the settings' : address.host}`;
    const target = { user };
    return { kind: 'issuer', issuer: 'gitea-token', target, confidence: ours ? 'high' : 'medium', because };
  }
  const because = `its tag ${sampleTags.provider} names ${address.host}, which makes it`;
  return { kind: 'track', confidence: 'medium', because };
}

/** A tag with the client id of an application of Entra. */
function application({ secret }: Sighting): Recognition | null {
  const [tag, clientId] =
    Object.entries(secret.tags).find(([key]) => /^(?:app|client|application)-?id$/i.test(key)) ?? [];
  if (tag === undefined || clientId === undefined || !guid.test(clientId)) return null;
  const isCertificate =
    secret.contentType === 'application/x-pem-file' || hasWords(plainWords(secret.name), 'cert|certificate');
  const issuer = isCertificate ? 'entra-certificate' : 'entra-password';
  const named = hasWords(plainWords(secret.name), 'entra|aad|azure-ad|client-secret|sp|service-principal');
  const because = `its tag ${tag} is the client id of an application`;
  return { kind: 'issuer', issuer, target: { clientId }, confidence: named ? 'high' : 'medium', because };
}
