import { randomUUID } from 'node:crypto';
import { toCloudEvent, toEventGridEvent, type EventSource, type SecretEvent } from './secret-event.ts';

export type EventSchema = 'event-grid' | 'cloud-events';

/** The destination of one subscription's events. */
export interface EventEndpoint {
  /** `dropped`: the endpoint's answer means that retrying is pointless. */
  deliver(event: SecretEvent, attempt: number): Promise<'taken' | 'failed' | 'dropped'>;
}

/** An endpoint in this process, such as the handler of a Functions trigger: it signals failure by throwing. */
export function handlerEndpoint(
  handler: (event: unknown) => Promise<void>,
  schema: EventSchema,
  vault: EventSource,
): EventEndpoint {
  return {
    async deliver(event) {
      try {
        await handler(schema === 'event-grid' ? toEventGridEvent(event, vault) : toCloudEvent(event, vault));
        return 'taken';
      } catch {
        return 'failed';
      }
    },
  };
}

/** Event Grid's timeout for an answer. */
const answerWithinMs = 30_000;
/** Answers after which Event Grid does not retry a webhook. */
const finalStatuses = [400, 401, 413];

/**
 * An endpoint at an address, after the handshake that shows its owner wants events.
 * @throws Error when the handshake fails: Azure then refuses the subscription.
 */
export async function webhookEndpoint(
  to: { readonly webhook: string; readonly headers?: Readonly<Record<string, string>> },
  schema: EventSchema,
  vault: EventSource,
): Promise<EventEndpoint> {
  const subscription = `KEYTURN-${randomUUID().slice(0, 8).toUpperCase()}`;
  await (schema === 'event-grid' ? validateByCode(to, subscription, vault) : validateByOrigin(to));
  return {
    async deliver(event, attempt) {
      const isEventGrid = schema === 'event-grid';
      try {
        const response = await fetch(to.webhook, {
          method: 'POST',
          headers: {
            ...notificationHeaders(subscription, attempt),
            'Content-Type': isEventGrid
              ? 'application/json; charset=utf-8'
              : 'application/cloudevents+json; charset=utf-8',
            ...to.headers,
          },
          body: JSON.stringify(isEventGrid ? [toEventGridEvent(event, vault)] : toCloudEvent(event, vault)),
          signal: AbortSignal.timeout(answerWithinMs),
          redirect: 'manual',
        });
        await response.arrayBuffer();
        if (response.status >= 200 && response.status <= 204) return 'taken';
        return finalStatuses.includes(response.status) ? 'dropped' : 'failed';
      } catch {
        return 'failed';
      }
    },
  };
}

async function validateByCode(
  to: Parameters<typeof webhookEndpoint>[0],
  subscription: string,
  vault: EventSource,
): Promise<void> {
  const validationCode = randomUUID().toUpperCase();
  const response = await fetch(to.webhook, {
    method: 'POST',
    headers: {
      'aeg-event-type': 'SubscriptionValidation',
      'aeg-subscription-name': subscription,
      'Content-Type': 'application/json; charset=utf-8',
      ...to.headers,
    },
    body: JSON.stringify([
      {
        id: randomUUID(),
        topic: vault.resourceId,
        subject: '',
        data: {
          validationCode,
          validationUrl: `https://rp-westeurope.eventgrid.azure.net/eventsubscriptions/${subscription}/validate?id=${randomUUID()}`,
        },
        eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
        eventTime: new Date().toISOString(),
        metadataVersion: '1',
        dataVersion: '2',
      },
    ]),
    redirect: 'manual',
  });
  const answer = (await response.json().catch(() => null)) as { readonly validationResponse?: unknown } | null;
  if (response.status !== 200 || answer?.validationResponse !== validationCode) {
    throw new Error(`The webhook did not echo the validation code (status ${response.status})`);
  }
}

/** CloudEvents' protection against abuse: the endpoint names the origin from which it accepts events. */
async function validateByOrigin(to: Parameters<typeof webhookEndpoint>[0]): Promise<void> {
  const response = await fetch(to.webhook, {
    method: 'OPTIONS',
    headers: { 'WebHook-Request-Origin': 'eventgrid.azure.net', ...to.headers },
    redirect: 'manual',
  });
  const allowed = response.headers.get('WebHook-Allowed-Origin');
  await response.arrayBuffer();
  if (response.status !== 200 || (allowed !== '*' && allowed !== 'eventgrid.azure.net')) {
    throw new Error(`The webhook does not allow events from eventgrid.azure.net (status ${response.status})`);
  }
}

function notificationHeaders(subscription: string, attempt: number): Readonly<Record<string, string>> {
  return {
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': subscription,
    'aeg-delivery-count': String(attempt - 1),
    'aeg-data-version': '1',
    'aeg-metadata-version': '1',
  };
}
