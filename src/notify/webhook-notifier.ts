import { createHmac } from 'node:crypto';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import { messageOf } from './message-of.ts';
import type { Notifier } from './notifier.ts';
import { postMessage } from './post-message.ts';

interface WebhookSettings {
  /** From the settings alone: nothing that came from outside chooses where messages go. */
  readonly url: string;
  /** `whsec_` and the key in base64. Asked for each message, because the secret may have been rotated. */
  readonly secret: () => Promise<SecretValue>;
  /** Where a person can act, if people reach the portal by an address. */
  readonly portal: string | null;
  readonly now: () => Date;
  readonly timeoutMs?: number;
}

const prefix = 'whsec_';
/** Source: Standard Webhooks, "Signature scheme": between 24 and 64 bytes. */
const keyBytes = { least: 24, most: 64 };

/**
 * Sends notifications as Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature` over id, timestamp
 * and body. One request a call, no redirect is followed, and the answer's body is not read.
 * Source: github.com/standard-webhooks, specification 1.0.
 */
export function webhookNotifier({ url, secret, portal, now, timeoutMs = 10_000 }: WebhookSettings): Notifier {
  const { host } = new URL(url);
  async function readKey(): Promise<Buffer> {
    const key = signingKey((await secret()).reveal());
    if (key === null) throw new ServiceError('NOTIFICATION_SECRET_UNUSABLE', { receiver: host });
    return key;
  }

  return {
    name: `webhook ${host}`,
    check: async () => void (await readKey()),
    async send(notification) {
      const key = await readKey();
      const { id, at, event } = notification;
      const { says, link } = messageOf(notification, portal);
      const data = { ...event, says, ...(link === null ? {} : { portal: link }) };
      const body = JSON.stringify({ type: event.type, timestamp: at.toISOString(), data });
      const seconds = String(Math.floor(now().getTime() / 1000));
      await postMessage({
        url,
        body,
        timeoutMs,
        headers: {
          'webhook-id': id,
          'webhook-timestamp': seconds,
          'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`,
        },
      });
    },
  };
}

/** The key of a secret as Standard Webhooks writes it; `null` for anything else. */
export function signingKey(secret: string): Buffer | null {
  if (!secret.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(prefix.length))) return null;
  const key = Buffer.from(secret.slice(prefix.length), 'base64');
  return key.length >= keyBytes.least && key.length <= keyBytes.most ? key : null;
}
