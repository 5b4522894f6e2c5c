import { createHmac } from 'node:crypto';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import { describeNotification, type Notifier } from './notifier.ts';

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
    async send({ id, at, event }) {
      const key = await readKey();
      const link = portal === null ? {} : { portal: `${portal}/rotations` };
      const data = { ...event, says: describeNotification(event), ...link };
      const body = JSON.stringify({ type: event.type, timestamp: at.toISOString(), data });
      const seconds = String(Math.floor(now().getTime() / 1000));
      const status = await post(url, host, timeoutMs, body, {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`,
      });
      if (status < 200 || status > 299) throw new ServiceError('NOTIFICATION_REFUSED', { receiver: host, status });
    },
  };
}

/** The key of a secret as Standard Webhooks writes it; `null` for anything else. */
export function signingKey(secret: string): Buffer | null {
  if (!secret.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(prefix.length))) return null;
  const key = Buffer.from(secret.slice(prefix.length), 'base64');
  return key.length >= keyBytes.least && key.length <= keyBytes.most ? key : null;
}

async function post(
  url: string,
  receiver: string,
  timeoutMs: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal });
    await answer.body?.cancel();
    return answer.status;
  } catch (cause) {
    const reason = cause instanceof Error && cause.name === 'TimeoutError' ? 'no answer in time' : 'no connection';
    throw new ServiceError('NOTIFICATION_UNREACHABLE', { receiver, reason }, { cause });
  }
}
