import { z } from 'zod';
import { parseRecord, recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, StoredRecord } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';

/** Tokens that were spent before their time passed: ended sessions, used links and used attempts. */
export interface SpentTokens {
  /** Marks a token as spent. Returns `true` only for the first caller, across all instances. */
  spend(id: string, endsAt: Date): Promise<boolean>;
  isSpent(id: string): Promise<boolean>;
}

const path = 'web/spent-tokens';
/** An entry outlives its token by this, because the clocks of two instances can differ. */
const slackMs = 5 * 60_000;
/** How often a write is tried if other instances write first. */
const mostTries = 20;

/**
 * Keeps spent tokens in one record, which drops each after its time.
 * Both methods reject as the record store does, so that a request is denied if the record cannot be read.
 */
export function recordedSpentTokens(records: RecordStore, now: () => Date): SpentTokens {
  return {
    async isSpent(id) {
      return Object.hasOwn(spentIn(await records.read(path)), id);
    },

    async spend(id, endsAt) {
      for (let tries = 1; ; tries += 1) {
        const stored = await records.read(path);
        const spent = spentIn(stored);
        if (Object.hasOwn(spent, id)) return false;
        const oldest = now().getTime() - slackMs;
        const current = Object.entries(spent).filter(([, until]) => Date.parse(until) > oldest);
        const next = { format: 1, spent: Object.fromEntries([...current, [id, endsAt.toISOString()]]) };
        if (await isWritten(stored, next, tries === mostTries)) return true;
      }
    },
  };

  /** Returns `false` if another instance wrote first; the last try rejects instead. */
  async function isWritten(stored: StoredRecord | null, next: object, isLast: boolean): Promise<boolean> {
    const bytes = Buffer.from(`${JSON.stringify(next)}\n`);
    try {
      if (stored === null) await records.create(path, bytes);
      else await records.replace(path, bytes, stored.revision);
      return true;
    } catch (error) {
      const isRace = ServiceError.is(error, 'RECORD_EXISTS') || ServiceError.is(error, 'RECORD_CHANGED');
      if (!isRace || isLast) throw error;
      return false;
    }
  }
}

const spentShape = z.object({ format: z.literal(1), spent: z.record(z.string(), recordedTime) });

/** Token ids, each with its end. @throws ServiceError `RECORD_UNREADABLE`. */
function spentIn(stored: StoredRecord | null): Readonly<Record<string, string>> {
  return stored === null ? {} : parseRecord(spentShape, stored.bytes, path).spent;
}
