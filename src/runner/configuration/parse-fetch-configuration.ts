import { type AzureCloud, azureCloudNames, azureClouds } from '../../secrets/azure-cloud.ts';
import { ServiceError } from '../../service-error.ts';
import type { FetchConfiguration, IdentityConfiguration, VaultConfiguration } from './fetch-configuration.ts';
import { isLoopback } from '../http-exchange.ts';
import { type Form, anyPathForm, variableForm, vaultNameForm } from './form.ts';
import { ShapeReader } from './shape-reader.ts';

const azureMetadata = 'http://169.254.169.254';

/**
 * Parses the text of a fetch configuration and fills in defaults.
 * @throws ServiceError FETCH_CONFIGURATION_MALFORMED for the first fault, with its place.
 */
export function parseFetchConfiguration(file: string, text: string): FetchConfiguration {
  const refuse: Refuse = (place, reason) => {
    throw new ServiceError('FETCH_CONFIGURATION_MALFORMED', { file, place, reason });
  };
  const shape = new ShapeReader(parseJson(text, refuse), '', refuse);
  shape.only('format cloud service gitea vaults identity names withoutJob vaultDomains allowVariables authorityFile');
  if (shape.number('format') !== 1) refuse('format', 'must be 1');
  const cloud = azureClouds[shape.oneOf('cloud', azureCloudNames, 'public')];
  const service = shape.has('service') ? parseAddress(shape, 'service', refuse) : null;
  const identity = parseIdentity(shape.inside('identity'), cloud, refuse);
  if (identity.kind === 'broker' && service === null)
    refuse('service', 'is missing: with a broker it reads the secrets');
  return {
    format: 1,
    cloud,
    service,
    gitea: parseAddress(shape, 'gitea', refuse),
    vaults: parseVaults(shape, refuse, identity.kind === 'broker' ? service : null),
    identity,
    names: shape.oneOf('names', ['auto', 'plain', 'opaque'], 'auto'),
    withoutJob: shape.oneOf('withoutJob', ['warn', 'refuse'], 'warn'),
    vaultDomains: shape.texts('vaultDomains', domainForm),
    allowVariables: shape.texts('allowVariables', variableForm),
    authorityFile: shape.has('authorityFile') ? shape.text('authorityFile', anyPathForm) : null,
  };
}

/**
 * Parses a person's own configuration. It has no Gitea, no service and no further domains: a person's token goes to the
 * vaults of the cloud and to this machine, and to nobody else.
 * @throws ServiceError FETCH_CONFIGURATION_MALFORMED
 */
export function parseOwnConfiguration(file: string, text: string): FetchConfiguration {
  const refuse: Refuse = (place, reason) => {
    throw new ServiceError('FETCH_CONFIGURATION_MALFORMED', { file, place, reason });
  };
  const shape = new ShapeReader(parseJson(text, refuse), '', refuse);
  shape.only('format cloud vaults identity authorityFile allowVariables');
  if (shape.number('format') !== 1) refuse('format', 'must be 1');
  const cloud = azureClouds[shape.oneOf('cloud', azureCloudNames, 'public')];
  return {
    format: 1,
    cloud,
    service: null,
    gitea: null,
    vaults: parseVaults(shape, refuse),
    identity: parseOwnIdentity(shape.inside('identity'), cloud, refuse),
    names: 'plain',
    withoutJob: 'warn',
    vaultDomains: [],
    allowVariables: shape.texts('allowVariables', variableForm),
    authorityFile: shape.has('authorityFile') ? shape.text('authorityFile', anyPathForm) : null,
  };
}

/**
 * Application id of the Azure CLI: a public client that every tenant knows, and that Azure's own SDK signs people in with
 * unless it is told another.
 */
const commandLineClient = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

function parseOwnIdentity(inside: ShapeReader, cloud: AzureCloud, refuse: Refuse): IdentityConfiguration {
  const kind = inside.oneOf('kind', ['azure-cli', 'device-code'], null);
  if (kind === 'azure-cli') {
    inside.only('kind tenantId');
    return { kind, tenantId: inside.has('tenantId') ? inside.text('tenantId', guid) : null };
  }
  inside.only('kind tenantId clientId authority');
  return {
    kind,
    tenantId: inside.text('tenantId', guid),
    clientId: inside.has('clientId') ? inside.text('clientId', guid) : commandLineClient,
    authority: parseAuthority(inside, cloud, refuse),
  };
}

/** `broker`: who reads the vaults; they then have no address here. */
function parseVaults(shape: ShapeReader, refuse: Refuse, broker: string | null = null): readonly VaultConfiguration[] {
  const vaults = shape.list('vaults').map((vault): VaultConfiguration => {
    vault.only(broker === null ? 'name url' : 'name');
    return { name: vault.text('name', vaultNameForm), url: broker ?? parseAddress(vault, 'url', refuse) };
  });
  if (vaults.length === 0) refuse('vaults', 'names no vault');
  if (new Set(vaults.map(({ name }) => name)).size < vaults.length) refuse('vaults', 'names a vault twice');
  return vaults;
}

type Refuse = (place: string, reason: string) => never;

function parseIdentity(inside: ShapeReader, cloud: AzureCloud, refuse: Refuse): IdentityConfiguration {
  const kind = inside.oneOf('kind', ['managed-identity', 'workload-identity', 'service-principal', 'broker'], null);
  const textOrNull = (name: string, form: Form) => (inside.has(name) ? inside.text(name, form) : null);
  if (kind === 'broker') {
    inside.only('kind keys jail');
    const jail = inside.oneOf('jail', ['required', 'cooperative'], 'required');
    return { kind, keys: textOrNull('keys', anyPathForm) ?? '/dev/shm', jail };
  }
  if (kind === 'managed-identity') {
    inside.only('kind clientId endpoint');
    const endpoint = inside.has('endpoint') ? parseAddress(inside, 'endpoint', refuse) : azureMetadata;
    // Any other address would receive token requests; loopback is allowed for the embedded cloud.
    if (endpoint !== azureMetadata && !isLoopback(endpoint)) refuse('identity.endpoint', 'must be loopback');
    return { kind, clientId: textOrNull('clientId', guid), endpoint };
  }
  const authority = parseAuthority(inside, cloud, refuse);
  const common = { tenantId: inside.text('tenantId', guid), clientId: inside.text('clientId', guid), authority };
  if (kind === 'workload-identity') {
    inside.only('kind tenantId clientId tokenFile audience authority');
    const audience = textOrNull('audience', audienceForm) ?? 'api://AzureADTokenExchange';
    return { kind, ...common, tokenFile: textOrNull('tokenFile', anyPathForm), audience };
  }
  inside.only('kind tenantId clientId secretFile secretVariable certificateFile authority');
  const ways = {
    secretFile: textOrNull('secretFile', anyPathForm),
    secretVariable: textOrNull('secretVariable', variableForm),
    certificateFile: textOrNull('certificateFile', anyPathForm),
  };
  if (Object.values(ways).filter((way) => way !== null).length !== 1) {
    refuse('identity', 'needs exactly one of secretFile, secretVariable and certificateFile');
  }
  return { kind, ...common, ...ways };
}

/** Any other authority would receive the requests for tokens; loopback is allowed for the embedded cloud. */
function parseAuthority(inside: ShapeReader, cloud: AzureCloud, refuse: Refuse): string {
  const authority = inside.has('authority') ? parseAddress(inside, 'authority', refuse) : cloud.authority;
  if (authority === cloud.authority || isLoopback(authority)) return authority;
  return refuse('identity.authority', `must be ${cloud.authority}, as set by cloud, or loopback`);
}

/**
 * An https address, or an http address of this machine or of Azure's metadata service; without path or trailing slash.
 */
function parseAddress(inside: ShapeReader, name: string, refuse: Refuse): string {
  const written = inside.text(name, addressForm);
  const url = URL.parse(written) ?? refuse(inside.placeOf(name), 'is not an address');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    refuse(inside.placeOf(name), 'must not contain sign-in data, a query or a fragment');
  }
  let plain = written;
  while (plain.endsWith('/')) plain = plain.slice(0, -1);
  if (url.protocol === 'http:' && !isLoopback(plain) && plain !== azureMetadata) {
    refuse(inside.placeOf(name), 'must be https');
  }
  return plain;
}

const guid: Form = {
  matches: /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/,
  means: 'an id such as 01234567-89ab-cdef-0123-456789abcdef',
};
const domainForm: Form = { matches: /^[a-z0-9-]+(\.[a-z0-9-]+)+$/, means: 'a domain such as vaults.example' };
const audienceForm: Form = { matches: /^[\x21-\x7e]{1,255}$/, means: 'text without spaces' };
const addressForm: Form = { matches: /^https?:\/\//, means: 'an address that starts with https://' };

function endpointOf(identity: IdentityConfiguration): string | null {
  if (identity.kind === 'azure-cli' || identity.kind === 'broker') return null;
  return identity.kind === 'managed-identity' ? identity.endpoint : identity.authority;
}

/** Whether nothing in the configuration leads off this machine. */
export function staysOnLoopback({ service, gitea, vaults, identity }: FetchConfiguration): boolean {
  const addresses = [gitea, service, endpointOf(identity), ...vaults.map(({ url }) => url)];
  return addresses.every((address) => address === null || isLoopback(address));
}

function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('the whole file', 'is not valid JSON');
  }
}
