import { createHmac } from 'node:crypto';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { checkedSend } from '../shared/checked-send.ts';
import type { Network } from '../shared/classify-network.ts';
import { type ProviderAnswer, providerRequest } from '../shared/provider-request.ts';
import type { SendDeadline } from '../../rotation/ports/send-deadline.ts';

export type WebhookVerb = 'create' | 'apply' | 'verify' | 'revoke' | 'describe';

/** An operator's own endpoint and its authentication. */
export interface WebhookEndpoint {
  /** Scheme, host and port, exactly; a path may follow, without query or a slash at its end. */
  readonly base: string;
  readonly network: Network;
  /** `whsec_` and base64, as in the Standard Webhooks specification; or any other text, used unchanged. */
  readonly signingKey: SecretValue;
}

export interface WebhookCall {
  readonly issuer: string;
  readonly verb: WebhookVerb;
  /** The message's id and, if something is created, its Idempotency-Key: the same for each repetition. */
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly deadline?: SendDeadline | undefined;
  readonly statuses?: readonly number[];
}

const making: readonly WebhookVerb[] = ['create', 'apply'];

/**
 * `POST <base>/<verb>` with JSON, signed by the Standard Webhooks specification: the receiver checks the signature over
 * id, time and body, and refuses requests older than five minutes. @throws ServiceError like `providerRequest`.
 */
export async function webhookCall(endpoint: WebhookEndpoint, call: WebhookCall): Promise<ProviderAnswer> {
  const { issuer, verb, id, now, signal, statuses = [] } = call;
  const body = JSON.stringify({ format: 1, ...call.body });
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const makes = making.includes(verb);
  return await providerRequest({
    issuer,
    provider: new URL(endpoint.base).host,
    method: 'POST',
    url: `${endpoint.base}/${verb}`,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      accept: 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${webhookSignature(endpoint.signingKey, `${id}.${timestamp}.${body}`)}`,
      ...(makes ? { 'idempotency-key': id } : {}),
    },
    body,
    signal,
    changes: makes || verb === 'revoke',
    deadline: call.deadline,
    statuses,
    send: checkedSend(issuer, endpoint.network),
  });
}

/** HMAC-SHA256 in base64, of `id.timestamp.body`. */
export function webhookSignature(key: SecretValue, content: string): string {
  const text = key.reveal();
  const bytes = text.startsWith('whsec_') ? Buffer.from(text.slice('whsec_'.length), 'base64') : Buffer.from(text);
  return createHmac('sha256', bytes).update(content).digest('base64');
}
