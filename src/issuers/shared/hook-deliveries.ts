import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretValue } from '../../secrets/secret-value.ts';

/** Deliveries that reached Keyturn's own receiver, signed with a secret that it does not use yet. */
export interface HookDeliveries {
  /**
   * Whether a delivery signed with `secret` has arrived. With a signal it waits for one, until the signal or a timeout.
   */
  seen(wanted: { readonly secret: SecretValue; readonly signal: AbortSignal | null }): Promise<boolean>;
}

/** Keyturn as the receiver of Gitea's webhooks. */
export interface OwnReceiver {
  readonly deliveries: HookDeliveries;
  /**
   * The full addresses at which this process receives: `https://keyturn.example.org/events/gitea`. `null`: they are not
   * known, because a policy is looked at without its settings.
   */
  readonly addresses: readonly string[] | null;
}

export interface RecentDeliveries extends HookDeliveries {
  /** Records a delivery that was answered 401. `bytes`: the raw body. `signature`: `X-Gitea-Signature`, hexadecimal. */
  remember(delivery: { readonly bytes: Uint8Array; readonly signature: string }): void;
}

// Anyone can send to the receiver, so what is kept is bounded in number and size, and only used for this proof.
const most = 16;
const mostBytes = 256 * 1024;

/** Keeps this process's newest refused deliveries in memory, to recognise a new hook's first delivery. */
export function recentDeliveries({ patienceMs = 5_000 }: { readonly patienceMs?: number } = {}): RecentDeliveries {
  const kept: { readonly bytes: Uint8Array; readonly signature: Buffer }[] = [];
  const waiting = new Set<() => void>();
  return {
    remember({ bytes, signature }) {
      if (bytes.length > mostBytes || !/^[0-9a-f]{64}$/i.test(signature)) return;
      kept.push({ bytes, signature: Buffer.from(signature, 'hex') });
      if (kept.length > most) kept.shift();
      for (const wake of waiting) wake();
    },
    async seen({ secret, signal }) {
      const arrived = () => kept.some(({ bytes, signature }) => isSigned(bytes, signature, secret));
      if (arrived() || signal === null) return arrived();
      const end = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
      while (!end.aborted && !arrived()) await next(end);
      return arrived();
    },
  };

  async function next(end: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        waiting.delete(wake);
        end.removeEventListener('abort', wake);
        resolve();
      };
      waiting.add(wake);
      end.addEventListener('abort', wake);
    });
  }
}

function isSigned(bytes: Uint8Array, signature: Buffer, secret: SecretValue): boolean {
  return timingSafeEqual(createHmac('sha256', secret.reveal()).update(bytes).digest(), signature);
}
