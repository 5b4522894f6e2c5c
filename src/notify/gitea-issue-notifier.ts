import { z } from 'zod';
import type { GiteaClient } from '../gitea/gitea-client.ts';
import type { GiteaAnswer, GiteaMethod, GiteaRequest } from '../gitea/gitea-request.ts';
import { ServiceError } from '../service-error.ts';
import { matterId, matterOf } from './matter-of.ts';
import { messageOf } from './message-of.ts';
import type { Notification, Notifier } from './notifier.ts';

interface GiteaIssueSettings {
  readonly client: GiteaClient;
  /** `owner/name`. */
  readonly repository: string;
  readonly portal: string | null;
}

const issueShape = z.object({ number: z.int(), state: z.string(), body: z.string() });
type Issue = z.infer<typeof issueShape>;
const commentShape = z.object({ body: z.string() });
const labelShape = z.object({ id: z.int(), name: z.string() });

const labelName = 'keyturn';

/**
 * Keeps one issue for each matter: opens it, comments on it, opens it again, and closes it when the matter is over. The issue
 * carries the matter's id and each message its own, in comments that a page does not show; so a message that is sent twice, or
 * whose answer was lost, is there once. Two processes that open an issue at the same time both look again, and both close all
 * but the first. Events without a matter must not be sent here.
 * Source: Gitea's API description, operations `issue*`; needs the scope `write:issue`.
 */
export function giteaIssueNotifier({ client, repository, portal }: GiteaIssueSettings): Notifier {
  const receiver = new URL(client.url).host;
  const base = `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}`;

  return {
    name: `gitea ${receiver}`,
    // A label that is missing is made when the first message is sent: looking writes nothing.
    check: async () => void (await guarded(receiver, async () => await ask('GET', `${base}/labels`))),
    send: async (notification) => await guarded(receiver, async () => await tell(notification)),
  };

  async function tell(notification: Notification): Promise<void> {
    const matter = matterOf(notification.event);
    if (matter === null) return;
    const label = await ensureLabel();
    const marker = `<!-- keyturn matter ${matterId(matter)} -->`;
    const issue = await theIssue(marker);
    const isOver = notification.event.type === 'matter.over';
    if (issue === undefined) {
      if (!isOver) await open(notification, label, marker);
      return;
    }
    if (isOver) {
      if (issue.state !== 'closed') await comment(issue, notification);
      return await setState(issue, 'closed');
    }
    if (await holds(issue, notification)) return;
    // First: a process that dies between the two finds no comment, and makes it.
    await setState(issue, 'open');
    await comment(issue, notification);
  }

  async function open(notification: Notification, label: number, marker: string): Promise<void> {
    const { title } = messageOf(notification, portal);
    const body = `${textOf(notification, portal)}\n${marker}`;
    await ask('POST', `${base}/issues`, { body: { title: title.slice(0, 255), body, labels: [label] } });
    await theIssue(marker);
  }

  /** The first issue of a matter. Another one that a process opened at the same time is closed, by whoever sees it first. */
  async function theIssue(marker: string): Promise<Issue | undefined> {
    const [first, ...doubles] = await issuesOf(marker);
    for (const double of doubles.filter(({ state }) => state === 'open')) {
      const body = `The same as #${String(first?.number)}.`;
      await ask('POST', `${base}/issues/${String(double.number)}/comments`, { body: { body } });
      await setState(double, 'closed');
    }
    return first;
  }

  async function comment(issue: Issue, notification: Notification): Promise<void> {
    if (await holds(issue, notification)) return;
    const path = `${base}/issues/${String(issue.number)}/comments`;
    await ask('POST', path, { body: { body: textOf(notification, portal) } });
  }

  async function setState({ number, state }: Issue, wanted: 'open' | 'closed'): Promise<void> {
    if (state === wanted) return;
    await ask('PATCH', `${base}/issues/${String(number)}`, { body: { state: wanted } });
  }

  async function holds({ number, body }: Issue, { id }: Notification): Promise<boolean> {
    if (body.includes(messageMarker(id))) return true;
    const path = `${base}/issues/${String(number)}/comments`;
    const comments = parsed(z.array(commentShape), (await ask('GET', path)).body, path);
    return comments.some((one) => one.body.includes(messageMarker(id)));
  }

  /** The issues of Keyturn that hold a marker, the first one first. */
  async function issuesOf(marker: string): Promise<readonly Issue[]> {
    const path = `${base}/issues`;
    const found: Issue[] = [];
    const query = { state: 'all', type: 'issues', labels: labelName, limit: 50 };
    for await (const page of client.pages(path, null, { query })) {
      const issues = parsed(z.array(issueShape), page, path);
      found.push(...issues.filter(({ body }) => body.includes(marker)));
    }
    return found.toSorted((a, b) => a.number - b.number);
  }

  /** Without its label Gitea would list every issue: it leaves out names of labels that it does not know. */
  async function ensureLabel(): Promise<number> {
    const path = `${base}/labels`;
    for await (const page of client.pages(path)) {
      const own = parsed(z.array(labelShape), page, path).find(({ name }) => name === labelName);
      if (own !== undefined) return own.id;
    }
    const made = {
      name: labelName,
      color: '#c2410c',
      description: 'Kept by Keyturn: it opens and closes these issues.',
    };
    return parsed(labelShape, (await ask('POST', path, { body: made })).body, path).id;
  }

  async function ask(method: GiteaMethod, path: string, request: GiteaRequest = {}): Promise<GiteaAnswer> {
    const answer = await client.request(method, path, request);
    if (answer.status >= 400) throw new ServiceError('NOTIFICATION_REFUSED', { receiver, status: answer.status });
    return answer;
  }

  function parsed<Shape>(shape: z.ZodType<Shape>, body: unknown, path: string): Shape {
    const result = shape.safeParse(body);
    if (result.success) return result.data;
    const place = result.error.issues[0]?.path.join('.') ?? '';
    throw new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: client.url, path, place });
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
    const { status } = cause.details as { readonly status?: number | null };
    const isRefused = ['GITEA_ACCESS_DENIED', 'GITEA_REQUEST_REFUSED', 'GITEA_NOT_FOUND'].includes(cause.code);
    if (isRefused) throw new ServiceError('NOTIFICATION_REFUSED', { receiver, status: status ?? 404 }, { cause });
    throw new ServiceError('NOTIFICATION_UNREACHABLE', { receiver, reason: cause.code }, { cause });
  }
}
