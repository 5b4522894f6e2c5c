import { giteaClient } from '../gitea/gitea-client.ts';
import { callsPeople, type Channel } from '../notify/channel.ts';
import { giteaIssueNotifier } from '../notify/gitea-issue-notifier.ts';
import { matterOf } from '../notify/matter-of.ts';
import type { NotificationEvent } from '../notify/notification-event.ts';
import type { Notifier } from '../notify/notifier.ts';
import { slackNotifier } from '../notify/slack-notifier.ts';
import { teamsNotifier } from '../notify/teams-notifier.ts';
import { webhookNotifier } from '../notify/webhook-notifier.ts';
import type { Timing } from '../notify/timing.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { MailSettings, SecretSetting, Settings } from '../settings.ts';

interface Tools {
  readonly resolve: (setting: SecretSetting) => Promise<SecretValue>;
  readonly now: () => Date;
}

/** Opens the channels to people that the settings name. Sends nothing. */
export async function openChannels(
  { notifications, publicUrl: portal, timeZone }: Pick<Settings, 'notifications' | 'publicUrl' | 'timeZone'>,
  { resolve, now }: Tools,
): Promise<readonly Channel[]> {
  const { webhook, slack, teams, mail, gitea, quiet, digestAt } = notifications;
  // A program and a list of issues need no digest.
  const single: Timing = { timeZone, quiet, digestAt: null };
  const timing: Timing = { ...single, digestAt };
  const channels: Channel[] = [];
  const hasAuditor = mail !== null && mail.auditor.length > 0;
  // Reports are for the auditor; without an address of one, for everybody.
  const takes = (event: NotificationEvent) => callsPeople(event) && !(hasAuditor && event.type === 'report.ready');
  if (webhook !== null) {
    const { url, secret } = webhook;
    const notifier = webhookNotifier({ url, secret: async () => await resolve(secret), portal, now });
    // A program receives it: it wants to know what is over.
    channels.push({ name: 'webhook', notifier, takes: () => true, timing: single });
  }
  if (slack !== null) {
    const notifier = slackNotifier({ address: async () => await resolve(slack), portal });
    channels.push({ name: 'slack', notifier, takes, timing });
  }
  if (teams !== null) {
    const notifier = teamsNotifier({ address: async () => await resolve(teams), portal });
    channels.push({ name: 'teams', notifier, takes, timing });
  }
  if (mail !== null) {
    const sendTo = await openMail(mail, portal, resolve);
    if (mail.to.length > 0) channels.push({ name: 'mail', notifier: sendTo(mail.to), takes, timing });
    if (hasAuditor) {
      const notifier = sendTo(mail.auditor);
      channels.push({ name: 'auditor-mail', notifier, takes: ({ type }) => type === 'report.ready', timing: single });
    }
  }
  if (gitea !== null) {
    const { url, repository, token } = gitea;
    const authentication = async () => ({ kind: 'token', value: await resolve(token) }) as const;
    const notifier = giteaIssueNotifier({ client: giteaClient({ url, authentication }), repository, portal });
    channels.push({ name: 'gitea', notifier, takes: (event) => matterOf(event) !== null, timing: single });
  }
  return channels;
}

/** Loaded only where mail is sent. */
async function openMail(
  { host, port, encryption, from, account }: MailSettings,
  portal: string | null,
  resolve: Tools['resolve'],
): Promise<(to: readonly string[]) => Notifier> {
  const { mailNotifier } = await import('../notify/mail-notifier.ts');
  const resolved =
    account === null ? null : { user: account.user, password: async () => await resolve(account.password) };
  return (to) => mailNotifier({ host, port, encryption, from, to, account: resolved, portal });
}
