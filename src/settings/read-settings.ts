import { join } from 'node:path';
import { logLevels } from '../log/logger.ts';
import { type AzureCloud, azureCloudNames, azureClouds } from '../secrets/azure-cloud.ts';
import { ServiceError } from '../service-error.ts';
import type { Vault } from '../secrets/secret-reference.ts';
import type { GiteaSettings, LogSettings, ReportInterval, Settings } from '../settings.ts';
import { type AzurePlace, isBelow, isThisMachine, parseAddress, parsePrivate, withoutSlash } from './address.ts';
import { parseId, readIdentity } from './identity-settings.ts';
import { notificationSecrets, readNotifications, readTimeZone } from './notification-settings.ts';
import { readPortal } from './portal-settings.ts';
import { readRetentionRules } from './retention-setting.ts';
import { readSecretSetting } from './secret-setting.ts';
import { type Environment, type SettingReader, settingReader } from './setting-reader.ts';
import { readCanarySecret, readStagingKeySecret, readStagingVault, readVaults } from './vault-settings.ts';

const intervals = ['month', 'quarter', 'year'] as const;

/**
 * Reads all settings from `KEYTURN_…` variables; an empty one counts as not given. Opens no file and sends no request.
 * @throws ServiceError `SETTINGS_MALFORMED` with every fault, each as `VARIABLE: what is wrong`, values left out.
 */
export function readSettings(environment: Environment): Settings {
  const reader = settingReader(environment);
  const embedded = reader.isOn('KEYTURN_EMBEDDED');
  const cloud = azureClouds[reader.choice('KEYTURN_CLOUD', azureCloudNames, 'public')];
  if (embedded && cloud.name !== 'public') reader.refuse('KEYTURN_CLOUD', 'must be public in the embedded cloud');
  const azure = { embedded, cloud };
  const role = reader.choice('KEYTURN_ROLE', ['rotate', 'report', 'broker', 'all'], 'all');
  const vaults = readVaults(reader, azure);
  const stagingVault = readStagingVault(reader, vaults, azure);
  const stagingKeySecret = readStagingKeySecret(reader, stagingVault === null ? vaults : [stagingVault, ...vaults]);
  const identity = readIdentity(reader, embedded);
  const records = readRecords(reader, cloud);
  const signingKey = readSigningKey(reader, cloud) ?? ownSigningKey(records);
  const gitea = readGitea(reader, azure);
  const rest = {
    gitea,
    log: readLog(reader, embedded),
    logArchive: readLogArchive(reader, cloud, vaults),
    management: {
      resourceManager: readEmbeddedAddress(reader, 'KEYTURN_RESOURCE_MANAGER_ENDPOINT', embedded),
      graph: readEmbeddedAddress(reader, 'KEYTURN_GRAPH_ENDPOINT', embedded),
    },
    policyFile: reader.given('KEYTURN_POLICY'),
    controlsFile: reader.given('KEYTURN_CONTROLS'),
    ...readPortal(reader, environment, azure),
    canarySecret: readCanarySecret(reader),
    organisation: reader.parsed(
      'KEYTURN_ORGANISATION',
      (text) => (text.length <= 120 ? text : undefined),
      'at most 120 characters',
    ),
    reportPeriods: readReportPeriods(reader),
    retention: readRetentionRules(reader),
    notifications: readNotifications(reader, azure, gitea),
    timeZone: readTimeZone(reader),
    metricsPort: reader.parsed(
      'KEYTURN_METRICS_PORT',
      (text) => (/^[1-9]\d{0,4}$/.test(text) && Number(text) < 65_536 ? Number(text) : undefined),
      'a port',
    ),
    logging: {
      level: reader.choice('KEYTURN_LOG_LEVEL', logLevels, 'info'),
      format: reader.parsed('KEYTURN_LOG_FORMAT', parseLogFormat, 'json or readable'),
    },
    killSwitch: reader.isOn('KEYTURN_KILL_SWITCH'),
  };
  if (reader.faults.length > 0 || identity === null || records === null) {
    throw new ServiceError('SETTINGS_MALFORMED', { faults: reader.faults });
  }
  return {
    vaults,
    stagingVault,
    identity,
    records,
    role,
    embedded,
    cloud,
    ...rest,
    // Who acts holds no key to attest with, and who attests may not open what is staged.
    // Source: docs/decisions.md, "Who acts does not attest".
    stagingKeySecret: role === 'rotate' || role === 'all' ? stagingKeySecret : null,
    signingKey: role === 'report' || role === 'all' ? signingKey : null,
    ownSecrets: ownSecretsOf({ vaults, stagingKeySecret, ...rest }),
  };
}

/** The secrets that the settings name: the canary of every vault, the staging key, and what they refer to. */
function ownSecretsOf({
  vaults,
  canarySecret,
  stagingKeySecret,
  gitea,
  openId,
  notifications,
}: Pick<
  Settings,
  'vaults' | 'canarySecret' | 'stagingKeySecret' | 'gitea' | 'openId' | 'notifications'
>): ReadonlySet<string> {
  const told = notificationSecrets(notifications).map(([, setting]) => setting);
  const referred = [gitea?.token, gitea?.webhookSecret, openId?.clientSecret, ...told];
  const names = [
    ...vaults.map(({ name }) => `${name}/${canarySecret}`),
    ...(stagingKeySecret === null ? [] : [`${stagingKeySecret.vault}/${stagingKeySecret.name}`]),
    ...referred.flatMap((setting) => {
      if (setting?.kind !== 'reference') return [];
      const vault = vaults.find(({ url }) => url === setting.vaultUrl);
      return vault === undefined ? [] : [`${vault.name}/${setting.name}`];
    }),
  ];
  return new Set(names.map((name) => name.toLowerCase()));
}

function parseLogFormat(text: string): 'json' | 'readable' | undefined {
  return text === 'json' || text === 'readable' ? text : undefined;
}

function readGitea(reader: SettingReader, azure: AzurePlace): GiteaSettings | null {
  const token = readSecretSetting(reader, 'KEYTURN_GITEA_TOKEN', azure);
  const webhookSecret = readSecretSetting(reader, 'KEYTURN_GITEA_WEBHOOK_SECRET', azure);
  if (reader.given('KEYTURN_GITEA_URL') === null) {
    for (const name of ['KEYTURN_GITEA_TOKEN', 'KEYTURN_GITEA_WEBHOOK_SECRET'] as const) {
      if (reader.given(name) !== null) reader.refuse(name, 'counts only with KEYTURN_GITEA_URL');
    }
    return null;
  }
  const url = reader.parsed(
    'KEYTURN_GITEA_URL',
    parsePrivate,
    'an https address; http only for this machine or a name without a dot',
  );
  reader.needed('KEYTURN_GITEA_TOKEN', 'Gitea lists its jobs only to a token');
  return url === null || token === null ? null : { url, token, webhookSecret };
}

function readLog(reader: SettingReader, embedded: boolean): LogSettings | null {
  const workspaceId = reader.parsed('KEYTURN_LOG_WORKSPACE_ID', parseId, 'the id of a workspace');
  const parseEndpoint = (text: string) => {
    const url = parseAddress(text);
    return url?.protocol === 'https:' && (embedded || !isThisMachine(url.hostname)) ? withoutSlash(url) : undefined;
  };
  const endpoint = reader.parsed(
    'KEYTURN_LOG_ENDPOINT',
    parseEndpoint,
    'an https address; on this machine only in the embedded cloud',
  );
  const certificateFile = reader.given('KEYTURN_LOG_CERTIFICATE');
  if (certificateFile !== null && !embedded)
    reader.refuse('KEYTURN_LOG_CERTIFICATE', 'counts only in the embedded cloud');
  const client = reader.choice('KEYTURN_LOG_CLIENT', ['monitor-query', 'monitor-query-logs'], 'monitor-query');
  if (workspaceId !== null) return { workspaceId, endpoint, certificateFile, client };
  if (endpoint !== null) reader.refuse('KEYTURN_LOG_ENDPOINT', 'counts only with KEYTURN_LOG_WORKSPACE_ID');
  return null;
}

/** The archive names vaults by their resource ids alone, so each must have one. */
function readLogArchive(reader: SettingReader, { storageDomain }: AzureCloud, vaults: readonly Vault[]): string | null {
  const name = 'KEYTURN_LOG_ARCHIVE';
  const parse = (text: string) => parseContainer(text, storageDomain);
  const container = reader.parsed(name, parse, `https://ACCOUNT.blob.${storageDomain}/CONTAINER without a query`);
  if (container === null) return null;
  if (vaults.some(({ resourceId }) => resourceId === null)) {
    reader.refuse(name, 'needs the resource id of each vault in KEYTURN_VAULTS: the archive names vaults by it');
  }
  return container;
}

/** An address of this machine. Elsewhere the cloud says where its services are, and nothing else may. */
function readEmbeddedAddress(
  reader: SettingReader,
  name: 'KEYTURN_RESOURCE_MANAGER_ENDPOINT' | 'KEYTURN_GRAPH_ENDPOINT',
  embedded: boolean,
): string | null {
  const parse = (text: string) => {
    const url = parseAddress(text);
    return embedded && url !== undefined && isThisMachine(url.hostname) ? withoutSlash(url) : undefined;
  };
  return reader.parsed(name, parse, 'an address of this machine, and only in the embedded cloud');
}

function readRecords(reader: SettingReader, { storageDomain }: AzureCloud): Settings['records'] | null {
  const directory = reader.given('KEYTURN_DATA');
  const parse = (text: string) => parseContainer(text, storageDomain);
  const form = `https://ACCOUNT.blob.${storageDomain}/CONTAINER without a query`;
  const containerUrl = reader.parsed('KEYTURN_BLOB_CONTAINER', parse, form);
  const packsUrl = reader.parsed('KEYTURN_PACK_CONTAINER', parse, form);
  if (packsUrl !== null && reader.given('KEYTURN_BLOB_CONTAINER') === null)
    reader.refuse('KEYTURN_PACK_CONTAINER', 'counts only with KEYTURN_BLOB_CONTAINER');
  if (directory !== null && reader.given('KEYTURN_BLOB_CONTAINER') !== null) {
    reader.refuse('KEYTURN_BLOB_CONTAINER', 'cannot be set together with KEYTURN_DATA: records are kept in one place');
  }
  if (directory !== null) return { kind: 'folder', directory };
  if (containerUrl !== null) return { kind: 'blob', containerUrl, packsUrl };
  if (reader.given('KEYTURN_BLOB_CONTAINER') === null)
    reader.refuse('KEYTURN_DATA', 'is missing: name a folder, or KEYTURN_BLOB_CONTAINER');
  return null;
}

function parseContainer(text: string, storageDomain: string): string | undefined {
  const url = parseAddress(text);
  const isBlob =
    url?.protocol === 'https:' &&
    /^[a-z0-9]{3,24}\.blob\./.test(url.hostname) &&
    isBelow(url.hostname, `blob.${storageDomain}`);
  return isBlob && /^\/[a-z0-9-]{3,63}\/?$/.test(url.pathname) ? withoutSlash(url) : undefined;
}

function readSigningKey(reader: SettingReader, { vaultDomain }: AzureCloud): Settings['signingKey'] {
  const parse = (text: string): NonNullable<Settings['signingKey']> | undefined => {
    if (!/^[a-z]+:\/\//i.test(text)) return { kind: 'file', path: text };
    const url = parseAddress(text);
    const isKey =
      url?.protocol === 'https:' &&
      keyDomains(vaultDomain).some((domain) => isBelow(url.hostname, domain)) &&
      /^\/keys\/[0-9A-Za-z-]{1,127}(\/[0-9a-f]{32})?\/?$/.test(url.pathname);
    return isKey ? { kind: 'key-vault', keyId: withoutSlash(url) } : undefined;
  };
  return reader.parsed('KEYTURN_SIGNING_KEY', parse, 'a PEM file, or https://VAULT/keys/NAME[/VERSION]');
}

/** Of vaults and of managed HSMs: `vault.azure.net`, `managedhsm.azure.net`. */
function keyDomains(vaultDomain: string): readonly string[] {
  return [vaultDomain, vaultDomain.replace(/^vault/, 'managedhsm')];
}

/** Beside the records, not among them: no record path can contain `=`, so nothing that serves records can serve the key. */
function ownSigningKey(records: Settings['records'] | null): Settings['signingKey'] {
  return records?.kind === 'folder' ? { kind: 'file', path: join(records.directory, '=sealing-key.pem') } : null;
}

function readReportPeriods(reader: SettingReader): readonly ReportInterval[] {
  const parse = (text: string): readonly ReportInterval[] | undefined => {
    if (text === 'none') return [];
    const words = text.split(',').map((word) => word.trim());
    const known = intervals.filter((interval) => words.includes(interval));
    return known.length === words.length ? known : undefined;
  };
  return reader.parsed('KEYTURN_REPORT_PERIODS', parse, 'none, or a list of month, quarter and year') ?? ['quarter'];
}
