import { hkdfSync, randomBytes } from 'node:crypto';
import type { RecordStore } from '../../records/record-store.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';

const path = 'web/session-key';
const keyBytes = 32;
const keptMs = 5 * 60_000;
/** While the record or the vault cannot be read: not every request waits for it again. */
const retryMs = 30_000;

/**
 * The key that seals what browsers keep. It is derived from random bytes that the first instance puts on record and, with
 * single sign-on, from the client secret: who may read the records, as an auditor may, cannot make a session from them.
 * A new client secret therefore ends all sessions. Looked at again every five minutes; while that fails, the key that
 * was known goes on to count, so that a vault which does not answer signs nobody out.
 * @throws ServiceError `RECORD_STORE_…`, or as the vault does, where no key was known yet.
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

/** The bytes on record, made by the first instance that asks. */
async function recordedBytes(records: RecordStore): Promise<Uint8Array> {
  const stored = await records.read(path);
  if (stored === null) {
    try {
      await records.create(path, randomBytes(keyBytes));
    } catch (error) {
      // Another instance was first: its bytes count.
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
    return await recordedBytes(records);
  }
  if (stored.bytes.byteLength === keyBytes) return stored.bytes;
  throw new ServiceError('RECORD_UNREADABLE', { path, reason: `it is not ${String(keyBytes)} bytes long` });
}
