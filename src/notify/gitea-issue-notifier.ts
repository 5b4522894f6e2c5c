import type { GiteaClient } from '../gitea/gitea-client.ts';
import { ServiceError } from '../service-error.ts';
import { type LabelledIssue, labelledIssues } from './labelled-issues.ts';
import { matterId, matterOf } from './matter-of.ts';
import { messageOf } from './message-of.ts';
import type { Notification, Notifier } from './notifier.ts';

interface GiteaIssueSettings {
  readonly client: GiteaClient;
  /** `owner/name`. */
  readonly repository: string;
  readonly portal: string | null;
}

/**
 * Keeps one issue for each matter: opens it, comments on it, opens it again, and closes it when the matter is over. The issue
 * carries the matter's id and each message its own, in comments that a page does not show; so a message that is sent twice, or
 * whose answer was lost, is there once. Two processes that open an issue at the same time both look again, and both close all
 * but the first. Events without a matter must not be sent here.
 */
export function giteaIssueNotifier({ client, repository, portal }: GiteaIssueSettings): Notifier {
  const receiver = new URL(client.url).host;
  const issues = labelledIssues(client, repository);

  return {
    name: `gitea ${receiver}`,
    check: async () => await guarded(receiver, async () => await issues.look()),
    send: async (notification) => await guarded(receiver, async () => await tell(notification)),
  };

  async function tell(notification: Notification): Promise<void> {
    const matter = matterOf(notification.event);
    if (matter === null) return;
    const marker = `<!-- keyturn matter ${matterId(matter)} -->`;
    const issue = await theIssue(marker);
    const isOver = notification.event.type === 'matter.over';
    if (issue === undefined) {
      if (isOver) return;
      const { title } = messageOf(notification, portal);
      await issues.open(title.slice(0, 255), `${textOf(notification, portal)}\n${marker}`);
      await theIssue(marker);
    } else if (isOver) {
      if (issue.state !== 'closed') await comment(issue, notification);
      await issues.setState(issue, 'closed');
    } else if (!(await issues.holds(issue, messageMarker(notification.id)))) {
      // Opened first: a process that dies between the two finds no comment, and makes it.
      await issues.setState(issue, 'open');
      await comment(issue, notification);
    }
  }

  /** The first issue of a matter. Another one that a process opened at the same time is closed, by whoever sees it first. */
  async function theIssue(marker: string): Promise<LabelledIssue | undefined> {
    const [first, ...doubles] = await issues.holding(marker);
    for (const double of doubles.filter(({ state }) => state === 'open')) {
      await issues.comment(double, `The same as #${String(first?.number)}.`);
      await issues.setState(double, 'closed');
    }
    return first;
  }

  async function comment(issue: LabelledIssue, notification: Notification): Promise<void> {
    if (await issues.holds(issue, messageMarker(notification.id))) return;
    await issues.comment(issue, textOf(notification, portal));
  }
}

function textOf(notification: Notification, portal: string | null): string {
  const { says, link } = messageOf(notification, portal);
  const { id, event } = notification;
  const lines = [escapeMarkdown(says), ...(link === null ? [] : [`[Open Keyturn](${link})`])];
  return `${lines.join('\n\n')}\n\n${event.type} · ${id}\n${messageMarker(id)}`;
}

function messageMarker(id: string): string {
  return `<!-- keyturn message ${id} -->`;
}

/** What Markdown, and Gitea beside it, would read as more than text: links, mentions, references, HTML. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+!|<>@~]/g, String.raw`\$&`);
}

/** A failure of Gitea, as a channel tells it. */
async function guarded<Value>(receiver: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (cause) {
    if (!ServiceError.is(cause) || cause.layer !== 'gitea') throw cause;
    if (ServiceError.is(cause, 'GITEA_NOT_FOUND'))
      throw new ServiceError('NOTIFICATION_REFUSED', { receiver, status: 404 }, { cause });
    if (ServiceError.is(cause, 'GITEA_ACCESS_DENIED') || ServiceError.is(cause, 'GITEA_REQUEST_REFUSED'))
      throw new ServiceError('NOTIFICATION_REFUSED', { receiver, status: cause.details.status }, { cause });
    throw new ServiceError('NOTIFICATION_UNREACHABLE', { receiver, reason: cause.code }, { cause });
  }
}
