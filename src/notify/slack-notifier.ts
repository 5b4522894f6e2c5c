import type { SecretValue } from '../secrets/secret-value.ts';
import { type Message, messageOf } from './message-of.ts';
import type { Notifier } from './notifier.ts';
import { postMessage } from './post-message.ts';
import { secretAddress } from './secret-address.ts';

interface SlackSettings {
  /** The address of an incoming webhook. Whoever has it can post, so it is a secret; asked for each message. */
  readonly address: () => Promise<SecretValue>;
  readonly portal: string | null;
  readonly timeoutMs?: number;
}

/** Source: docs.slack.dev, Block Kit, section block: the text of a section has at most 3,000 characters. */
const mostCharacters = 3_000;

/**
 * Sends notifications to an incoming webhook of Slack, as Block Kit. Slack keeps no id, so a message that is sent twice is
 * seen twice; its id is in its last line.
 * Source: docs.slack.dev, "Sending messages using incoming webhooks" and "Formatting message text".
 */
export function slackNotifier({ address, portal, timeoutMs = 10_000 }: SlackSettings): Notifier {
  return {
    name: 'slack',
    check: async () => void (await secretAddress('slack', address)),
    async send(notification) {
      const url = await secretAddress('slack', address);
      const { id, event } = notification;
      await postMessage({
        url,
        timeoutMs,
        body: JSON.stringify(slackMessage(messageOf(notification, portal), `${event.type} · ${id}`)),
      });
    },
  };
}

function slackMessage({ title, says, link }: Message, note: string): object {
  const open = { type: 'button', text: { type: 'plain_text', text: 'Open Keyturn' }, url: link };
  return {
    // What a notification on a phone shows.
    text: escapeSlack(title),
    blocks: [
      { type: 'section', text: markdown(says) },
      ...(link === null ? [] : [{ type: 'actions', elements: [open] }]),
      { type: 'context', elements: [markdown(note)] },
    ],
  };
}

/** `verbatim`: Slack makes no links of names of channels or people. */
function markdown(text: string): object {
  return { type: 'mrkdwn', text: cutTo(mostCharacters, escapeSlack(text)), verbatim: true };
}

/** Three characters are Slack's own: without this, a name could call everybody by `<!channel>` or hide a link. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Cuts before an escape, never within one. */
function cutTo(most: number, text: string): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/&[a-z]*$/, '')}…`;
}
