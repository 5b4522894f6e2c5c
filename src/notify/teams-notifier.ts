import type { SecretValue } from '../secrets/secret-value.ts';
import { type Message, messageOf } from './message-of.ts';
import type { Notifier } from './notifier.ts';
import { postMessage } from './post-message.ts';
import { secretAddress } from './secret-address.ts';

interface TeamsSettings {
  /** The address of a workflow that posts to a channel. It carries its own signature, so it is a secret; asked for each message. */
  readonly address: () => Promise<SecretValue>;
  readonly portal: string | null;
  readonly timeoutMs?: number;
}

/**
 * Sends notifications to a workflow of Microsoft Teams ("When a Teams webhook request is received"), as an adaptive card.
 * Source: learn.microsoft.com, "Create incoming webhooks with Workflows"; adaptivecards.io, schema 1.4.
 */
export function teamsNotifier({ address, portal, timeoutMs = 10_000 }: TeamsSettings): Notifier {
  return {
    name: 'teams',
    check: async () => void (await secretAddress('teams', address)),
    async send(notification) {
      const url = await secretAddress('teams', address);
      const { id, event } = notification;
      const card = teamsCard(messageOf(notification, portal), `${event.type} · ${id}`);
      const contentType = 'application/vnd.microsoft.card.adaptive';
      const attachments = [{ contentType, contentUrl: null, content: card }];
      await postMessage({ url, timeoutMs, body: JSON.stringify({ type: 'message', attachments }) });
    },
  };
}

function teamsCard({ title, says, link }: Message, note: string): object {
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      plain(title, { weight: 'Bolder', size: 'Medium' }),
      ...says.split('\n').map((line) => plain(line)),
      plain(note, { isSubtle: true, size: 'Small' }),
    ],
    ...(link === null ? {} : { actions: [{ type: 'Action.OpenUrl', title: 'Open Keyturn', url: link }] }),
  };
}

/** A text run takes no Markdown; a text block would make a link of a name that is written like one. */
function plain(text: string, style: Readonly<Record<string, string | boolean>> = {}): object {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}
