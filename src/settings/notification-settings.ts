import type { GiteaSettings, MailSettings, NotificationSettings, SecretSetting } from '../settings.ts';
import { type AzurePlace, isThisMachine, parsePrivate } from './address.ts';
import { readSecretSetting } from './secret-setting.ts';
import type { SettingReader } from './setting-reader.ts';
import type { SettingName } from './setting-table.ts';

/** The channels to people: any number of them, each whole or not at all. */
export function readNotifications(
  reader: SettingReader,
  azure: AzurePlace,
  gitea: GiteaSettings | null,
): NotificationSettings {
  return {
    webhook: readWebhook(reader, azure),
    slack: readSecretSetting(reader, 'KEYTURN_NOTIFY_SLACK', azure),
    teams: readSecretSetting(reader, 'KEYTURN_NOTIFY_TEAMS', azure),
    mail: readMail(reader, azure),
    gitea: readIssues(reader, azure, gitea),
    quiet: reader.parsed('KEYTURN_NOTIFY_QUIET_HOURS', parseHours, 'HH:MM-HH:MM, such as 22:00-07:00'),
    digestAt: reader.parsed('KEYTURN_NOTIFY_DIGEST', parseTime, 'HH:MM'),
  };
}

/** Where clocks of people are, for schedules, quiet hours and digests. */
export function readTimeZone(reader: SettingReader): string {
  const parse = (text: string) => (isTimeZone(text) ? text : undefined);
  return reader.parsed('KEYTURN_TIME_ZONE', parse, 'the name of a time zone such as Europe/Berlin') ?? 'UTC';
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}

function parseTime(text: string): string | undefined {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? text : undefined;
}

function parseHours(text: string): { readonly from: string; readonly to: string } | undefined {
  const [from, to, ...rest] = text.split('-').map((time) => parseTime(time.trim()));
  return from === undefined || to === undefined || from === to || rest.length > 0 ? undefined : { from, to };
}

/** The secrets among them. */
export function notificationSecrets({
  webhook,
  slack,
  teams,
  mail,
  gitea,
}: NotificationSettings): readonly (readonly [use: string, setting: SecretSetting | null | undefined])[] {
  return [
    ['the signing secret of notifications', webhook?.secret],
    ['the address of the Slack channel', slack],
    ['the address of the Teams channel', teams],
    ['the password of the mail server', mail?.account?.password],
    ['the token for issues in Gitea', gitea?.token],
  ];
}

/** Both or none. A secret that is given as it is can be looked at here; a reference is looked at when a message is sent. */
function readWebhook(reader: SettingReader, azure: AzurePlace): NotificationSettings['webhook'] {
  const url = reader.parsed(
    'KEYTURN_NOTIFY_WEBHOOK_URL',
    parsePrivate,
    'an https address; http only for this machine or a name without a dot',
  );
  const secret = readSecretSetting(reader, 'KEYTURN_NOTIFY_WEBHOOK_SECRET', azure);
  if (reader.given('KEYTURN_NOTIFY_WEBHOOK_URL') === null) {
    if (secret !== null) reader.refuse('KEYTURN_NOTIFY_WEBHOOK_SECRET', 'counts only with KEYTURN_NOTIFY_WEBHOOK_URL');
    return null;
  }
  reader.needed('KEYTURN_NOTIFY_WEBHOOK_SECRET', 'it signs the messages, so that the receiver can trust them');
  return url === null || secret === null ? null : { url, secret };
}

const onlyWithServer = [
  'KEYTURN_NOTIFY_MAIL_USER',
  'KEYTURN_NOTIFY_MAIL_PASSWORD',
  'KEYTURN_NOTIFY_MAIL_FROM',
  'KEYTURN_NOTIFY_MAIL_TO',
  'KEYTURN_NOTIFY_MAIL_AUDITOR',
] as const satisfies readonly SettingName[];

function readMail(reader: SettingReader, azure: AzurePlace): MailSettings | null {
  const server = reader.parsed('KEYTURN_NOTIFY_MAIL_SERVER', parseServer, 'smtp://HOST[:PORT] or smtps://HOST[:PORT]');
  const user = reader.given('KEYTURN_NOTIFY_MAIL_USER');
  const password = readSecretSetting(reader, 'KEYTURN_NOTIFY_MAIL_PASSWORD', azure);
  const from = reader.parsed('KEYTURN_NOTIFY_MAIL_FROM', parseMailbox, 'one address, NAME@DOMAIN');
  const to = reader.parsed('KEYTURN_NOTIFY_MAIL_TO', parseMailboxes, 'addresses, separated by commas');
  const auditor = reader.parsed('KEYTURN_NOTIFY_MAIL_AUDITOR', parseMailboxes, 'addresses, separated by commas');
  if (reader.given('KEYTURN_NOTIFY_MAIL_SERVER') === null) {
    for (const name of onlyWithServer)
      if (reader.given(name) !== null) reader.refuse(name, 'counts only with KEYTURN_NOTIFY_MAIL_SERVER');
    return null;
  }
  reader.needed('KEYTURN_NOTIFY_MAIL_FROM', 'a mail has a sender');
  if (reader.given('KEYTURN_NOTIFY_MAIL_TO') === null && reader.given('KEYTURN_NOTIFY_MAIL_AUDITOR') === null)
    reader.refuse('KEYTURN_NOTIFY_MAIL_TO', 'is missing: name who is told, or KEYTURN_NOTIFY_MAIL_AUDITOR');
  if ((user === null) !== (password === null))
    reader.refuse('KEYTURN_NOTIFY_MAIL_PASSWORD', 'goes with KEYTURN_NOTIFY_MAIL_USER: set both or neither');
  if (server === null || from === null) return null;
  const account = user === null || password === null ? null : { user, password };
  return { ...server, from, to: to ?? [], auditor: auditor ?? [], account };
}

function parseServer(text: string): Pick<MailSettings, 'host' | 'port' | 'encryption'> | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') || url.hostname === '') return undefined;
  if (url.username !== '' || url.search !== '' || url.hash !== '' || !['', '/'].includes(url.pathname))
    return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (url.protocol === 'smtps:') return { host, port: Number(url.port || 465), encryption: 'from-the-start' };
  // Source: RFC 3207. Beyond this machine a server that offers no STARTTLS gets neither password nor message.
  return { host, port: Number(url.port || 587), encryption: isThisMachine(host) ? 'if-offered' : 'required' };
}

function parseMailbox(text: string): string | undefined {
  return /^[^\s@,;<>"]{1,64}@[^\s@,;<>"]{1,255}$/.test(text) ? text : undefined;
}

function parseMailboxes(text: string): readonly string[] | undefined {
  const parsed = text.split(',').map((one) => parseMailbox(one.trim()));
  return parsed.every((one) => one !== undefined) ? parsed : undefined;
}

function readIssues(
  reader: SettingReader,
  azure: AzurePlace,
  gitea: GiteaSettings | null,
): NotificationSettings['gitea'] {
  const parse = (text: string) => (/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(text) ? text : undefined);
  const repository = reader.parsed('KEYTURN_NOTIFY_GITEA_REPOSITORY', parse, 'OWNER/NAME');
  const token = readSecretSetting(reader, 'KEYTURN_NOTIFY_GITEA_TOKEN', azure);
  if (reader.given('KEYTURN_NOTIFY_GITEA_REPOSITORY') === null) {
    if (token !== null) reader.refuse('KEYTURN_NOTIFY_GITEA_TOKEN', 'counts only with KEYTURN_NOTIFY_GITEA_REPOSITORY');
    return null;
  }
  reader.needed('KEYTURN_NOTIFY_GITEA_TOKEN', 'the token of KEYTURN_GITEA_TOKEN need not write issues');
  if (reader.given('KEYTURN_GITEA_URL') === null)
    reader.refuse('KEYTURN_NOTIFY_GITEA_REPOSITORY', 'counts only with KEYTURN_GITEA_URL');
  return gitea === null || repository === null || token === null ? null : { url: gitea.url, repository, token };
}
