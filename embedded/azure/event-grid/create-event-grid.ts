import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { toAuditRow } from '../audit-log/audit-row.ts';
import type { WritableAuditLog } from '../audit-log/create-audit-log.ts';
import { type EventEndpoint, handlerEndpoint, webhookEndpoint } from './event-endpoint.ts';
import type { EmbeddedEventGrid } from './event-grid.ts';
import { versionId } from '../vault/secret-bundle.ts';
import { type EventSource, newSecretEvent, type SecretEvent, type SecretEventType } from './secret-event.ts';
import type { EmbeddedSecretStore, StoredVersion } from '../vault/in-memory-secret-store.ts';

interface Subscription {
  readonly endpoint: EventEndpoint;
  readonly copies: number;
}

interface Delivery {
  readonly subscription: Subscription;
  readonly event: SecretEvent;
  readonly attempt: number;
}

const nearExpirySeconds = 30 * 86_400;
/** Event Grid gives up after this many attempts. */
const mostAttempts = 30;

/**
 * Delivers the events of one vault. The next `sweep`, which simulates time passing, retries a failed delivery. It ends
 * after 30 attempts, or at once if the endpoint answers that retrying is pointless.
 */
export function createEventGrid(options: {
  readonly clock: Clock;
  readonly vault: EventSource;
  readonly secretStore: EmbeddedSecretStore;
  readonly auditLog: WritableAuditLog;
}): EmbeddedEventGrid & { versionCreated(version: StoredVersion): void } {
  const { clock, vault, secretStore, auditLog } = options;
  const subscriptions = new Set<Subscription>();
  const fired = new Set<string>();
  const underway = new Set<Promise<void>>();
  let failed: readonly Delivery[] = [];

  const deliver = (delivery: Delivery) => {
    const { subscription, event, attempt } = delivery;
    const done = subscription.endpoint.deliver(event, attempt).then((outcome) => {
      if (outcome === 'failed' && attempt < mostAttempts) failed = [...failed, { ...delivery, attempt: attempt + 1 }];
    });
    const tracked = done.finally(() => underway.delete(tracked));
    underway.add(tracked);
  };
  const publish = (events: readonly SecretEvent[]) => {
    for (const event of events) logExpiry(auditLog, vault, event);
    // Deliberately out of order, because Event Grid guarantees no order.
    const shuffled = events.toSorted((one, other) => (digest(one.id) < digest(other.id) ? -1 : 1));
    for (const subscription of subscriptions) {
      for (const event of shuffled) {
        for (let copy = 0; copy < subscription.copies; copy += 1) deliver({ subscription, event, attempt: 1 });
      }
    }
  };
  const newest = (name: string) => secretStore.versions(name).at(-1);

  return {
    async subscribe(to, { schema = 'event-grid', copies = 1 } = {}) {
      const endpoint =
        'handler' in to ? handlerEndpoint(to.handler, schema, vault) : await webhookEndpoint(to, schema, vault);
      const subscription = { endpoint, copies };
      subscriptions.add(subscription);
      return () => {
        subscriptions.delete(subscription);
        failed = failed.filter((delivery) => delivery.subscription !== subscription);
      };
    },
    sweep() {
      const again = failed;
      failed = [];
      for (const delivery of again) deliver(delivery);
      const now = clock.now();
      const events = secretStore
        .names()
        .flatMap((name) => newest(name) ?? [])
        .flatMap((version) => dueEvents(version, now).map((type) => newSecretEvent(type, version, now)))
        .filter(({ type, version }) => !fired.has(`${type} ${version.version}`));
      for (const { type, version } of events) fired.add(`${type} ${version.version}`);
      publish(events);
      return Promise.resolve(events.length);
    },
    fire(type, name) {
      const version = newest(name);
      if (!version) return Promise.reject(new Error(`The embedded vault has no secret ${name}`));
      publish([newSecretEvent(type, version, clock.now())]);
      return Promise.resolve();
    },
    async settled() {
      while (underway.size > 0) await Promise.all(underway);
    },
    versionCreated: (version) => publish([newSecretEvent('SecretNewVersionCreated', version, clock.now())]),
  };
}

/** The vault logs its expiry events, even without subscribers, but not new-version events. */
function logExpiry(auditLog: WritableAuditLog, vault: EventSource, { type, version }: SecretEvent): void {
  if (type === 'SecretNewVersionCreated') return;
  const call = {
    vaultName: vault.name,
    operation: `${type}EventGridNotification`,
    apiVersion: '',
    status: 200,
    id: versionId(vault.url, version),
    requestUri: '',
    token: null,
    address: '',
    userAgent: '',
    requestId: randomUUID(),
    durationMs: 0,
  } as const;
  auditLog.write((timeGenerated) => toAuditRow(call, timeGenerated));
}

/** Due events of a secret's newest version: 30 days before it expires, and when it expires. */
function dueEvents(version: StoredVersion, now: Date): readonly SecretEventType[] {
  const seconds = now.getTime() / 1000;
  if (version.expires === undefined || seconds < version.expires - nearExpirySeconds) return [];
  return seconds < version.expires ? ['SecretNearExpiry'] : ['SecretNearExpiry', 'SecretExpired'];
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
