import { hkdfSync, randomBytes } from 'node:crypto';
import type { RecordStore } from '../../records/record-store.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';

const path = 'web/session-key';
const keyBytes = 32;
const keptMs = 5 * 60_000;
/** How long a failure to read the record or the vault is not retried, so that requests do not all wait for it. */
const retryMs = 30_000;

/**
 * Derives the key of sealed tokens from a record of random bytes, which the first instance creates, and with single
 * sign-on also from the client secret: an auditor who can read the records cannot make a session from them. A new client
 * secret therefore ends all sessions. The key is derived again every five minutes; if that fails, the known key stays
 * valid, so that an unavailable vault ends no session.
 * @throws ServiceError `RECORD_STORE_…`, or as the vault does, if no key is known yet.
 */
export function sessionKey(options: {
  readonly records: RecordStore;
  readonly clientSecret: (() => Promise<SecretValue>) | null;
  readonly now: () => Date;
}): () => Promise<Uint8Array> {
  const { records, clientSecret, now } = options;
  let known: { readonly key: Uint8Array; readonly until: number } | null = null;

  async function derive(): Promise<Uint8Array> {
    const onRecord = await recordedBytes(records);
    const secret = clientSecret === null ? '' : (await clientSecret()).reveal();
    return new Uint8Array(hkdfSync('sha256', secret, onRecord, 'keyturn session tokens 1', keyBytes));
  }

  return async () => {
    if (known !== null && now().getTime() < known.until) return known.key;
    try {
      known = { key: await derive(), until: now().getTime() + keptMs };
    } catch (error) {
      if (known === null) throw error;
      known = { key: known.key, until: now().getTime() + retryMs };
    }
    return known.key;
  };
}

/** Reads the recorded bytes; the first instance creates them. */
async function recordedBytes(records: RecordStore): Promise<Uint8Array> {
  const stored = await records.read(path);
  if (stored === null) {
    try {
      await records.create(path, randomBytes(keyBytes));
    } catch (error) {
      // Another instance created the record first, so its bytes count.
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
    return await recordedBytes(records);
  }
  if (stored.bytes.byteLength === keyBytes) return stored.bytes;
  throw new ServiceError('RECORD_UNREADABLE', { path, reason: `it is not ${String(keyBytes)} bytes long` });
}
