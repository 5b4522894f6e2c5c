import { hash } from 'node:crypto';
import { recordPolicy } from '../../audit/collection/policy-ledger.ts';
import type { Logger } from '../../log/logger.ts';
import type { NotificationOutbox } from '../../notify/notification-outbox.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { Policy } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';
import type { Settings } from '../../settings.ts';
import { type OpenedPolicy, openPolicy } from './open-policy.ts';
import { withOwnSecrets } from './own-secrets.ts';

/** The policy that everything in this process goes by, and how it changes. */
export interface PolicyInForce {
  /** With a row for each of Keyturn's own secrets. `digest`: sha256 of the text, by which it is on record. */
  readonly current: () => { readonly policy: Policy; readonly digest: string };
  /** Keeps the policy in force on record, unless it is there: every act is judged by the one in force then. */
  readonly keep: () => Promise<void>;
  /**
   * Takes up the file if it has changed: first on record, then in force. A file with mistakes, or one that cannot be read,
   * changes nothing and is told once. @throws ServiceError as the records do; the old policy then stays.
   */
  readonly takeUp: () => Promise<void>;
}

interface Ports {
  readonly settings: Settings;
  readonly records: RecordStore;
  readonly logger: Logger;
  /** `null`: no channel to people is configured. */
  readonly outbox: NotificationOutbox | null;
  readonly now: () => Date;
}

interface Loaded {
  readonly policy: Policy;
  readonly text: string;
  readonly digest: string;
  readonly at: Date;
}

const nothing = (): void => undefined;

/** Begins with a policy that was opened; the process would not have started on one with mistakes. */
export function policyInForce(opened: OpenedPolicy, ports: Ports): PolicyInForce {
  const { settings, records, logger } = ports;
  let loaded = load(opened, ports);
  let isKept = false;
  let refused: { readonly fault: string; isTold: boolean } | null = null;
  let lastLook: Promise<void> = Promise.resolve();
  let lookToCome: Promise<void> | null = null;
  return {
    current: () => loaded,
    keep,
    async takeUp() {
      // A look that is under way may have read the file before it changed: all who ask meanwhile share the one after it.
      lookToCome ??= lastLook.then(async () => {
        lookToCome = null;
        await look();
      });
      const own = lookToCome;
      lastLook = own.catch(nothing);
      await own;
    },
  };

  async function keep(): Promise<void> {
    if (isKept) return;
    const kept = loaded;
    await recordPolicy(records, kept.text, kept.at);
    if (kept === loaded) isKept = true;
  }

  async function look(): Promise<void> {
    if (settings.policyFile === null) return;
    let next: Loaded;
    try {
      next = load(await openPolicy(settings), ports);
    } catch (error) {
      if (!ServiceError.is(error, 'POLICY_MALFORMED')) throw error;
      await tellRefused(error.details.faults);
      return;
    }
    if (refused !== null && next.digest === loaded.digest)
      logger.info(`The policy file is again that of digest ${short(loaded)}, which is in force.`);
    refused = null;
    if (next.digest === loaded.digest) return;
    await recordPolicy(records, next.text, next.at);
    loaded = next;
    isKept = true;
    logger.info(
      `The policy of digest ${short(next)} is in force: ${String(next.policy.secrets.size)} secrets are bound.`,
      {
        policy: next.digest,
      },
    );
  }

  async function tellRefused(faults: readonly string[]): Promise<void> {
    const fault = hash('sha256', JSON.stringify(faults));
    if (refused?.fault !== fault) {
      refused = { fault, isTold: false };
      logger.error(
        `The policy file has mistakes, so the policy of digest ${short(loaded)} stays in force: ${faults.join('; ')}.`,
        { policy: loaded.digest, faults: faults.length },
      );
    }
    refused.isTold ||= await announceRefusal(ports, { inForce: loaded.digest, fault, faults: faults.length });
  }
}

/** Returns whether it is on record as told, or nobody can be told. */
async function announceRefusal(
  { outbox, logger, now }: Ports,
  refusal: { readonly inForce: string; readonly fault: string; readonly faults: number },
): Promise<boolean> {
  if (outbox === null) return true;
  let isOnRecord = false;
  try {
    await outbox.announce({ type: 'policy.refused', ...refusal, day: now().toISOString().slice(0, 10) });
    isOnRecord = true;
    await outbox.deliver();
  } catch (error) {
    logger.error('People could not be told; the next pass tries again.', { error });
  }
  return isOnRecord;
}

function load({ policy, text }: OpenedPolicy, { settings, now }: Ports): Loaded {
  return { policy: withOwnSecrets(policy, settings), text, digest: hash('sha256', text), at: now() };
}

function short({ digest }: Loaded): string {
  return digest.slice(0, 12);
}
