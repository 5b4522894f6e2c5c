import { dayMs } from '../../secrets/duration.ts';
import type { Policy, TrackedSecret } from '../../secrets/policy.ts';
import type { Settings } from '../../settings.ts';
import { notificationSecrets } from '../../settings/notification-settings.ts';

/** A credential of Keyturn itself that lies in a vault. */
interface OwnSecret {
  /** Short name of the vault, lower-case. */
  readonly vault: string;
  readonly name: string;
  /** What Keyturn uses it for. */
  readonly use: string;
}

/** Half a year: long for a credential that opens much, short enough to be replaced by a person. */
const ownValidityMs = 180 * dayMs;
export const ownRemindersMs = [30, 14, 7, 1].map((days) => days * dayMs);

/** Keyturn's own credentials in the vaults of the settings. A setting that holds its value itself names no secret. */
export function ownSecrets({
  vaults,
  gitea,
  openId,
  notifications,
  stagingKeySecret,
}: Pick<Settings, 'vaults' | 'gitea' | 'openId' | 'notifications' | 'stagingKeySecret'>): readonly OwnSecret[] {
  const settings = [
    ['the token for Gitea', gitea?.token],
    ["the secret of Gitea's webhook", gitea?.webhookSecret],
    ['the client secret for sign-in', openId?.clientSecret],
    ...notificationSecrets(notifications),
  ] as const;
  const referred = settings.flatMap(([use, setting]) => {
    if (setting?.kind !== 'reference') return [];
    const vault = vaults.find(({ url }) => url === setting.vaultUrl)?.name;
    return vault === undefined ? [] : [{ vault, name: setting.name.toLowerCase(), use }];
  });
  if (stagingKeySecret === null) return referred;
  const { vault, name } = stagingKeySecret;
  return [...referred, { vault: vault.toLowerCase(), name: name.toLowerCase(), use: 'the key of staged values' }];
}

/** The policy, with a row for each of Keyturn's own credentials that it does not name: they are tracked like others. */
export function withOwnSecrets(policy: Policy, settings: Settings): Policy {
  const own = ownSecrets(settings).flatMap(({ vault, name, use }): [string, TrackedSecret][] => {
    const key = `${vault}/${name}`;
    if (policy.secrets.has(key) || policy.tracked.has(key)) return [];
    const tracked = { vault, name, owner: `Keyturn: ${use}`, validityMs: ownValidityMs, remindersMs: ownRemindersMs };
    return [[key, { ...tracked, environment: null, namespaces: [] }]];
  });
  return { ...policy, tracked: new Map([...policy.tracked, ...own]) };
}
