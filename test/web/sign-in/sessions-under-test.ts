import type { RecordStore } from '../../../src/records/record-store.ts';
import { sessionKey } from '../../../src/web/sign-in/session-key.ts';
import { createSessions } from '../../../src/web/sign-in/sessions.ts';
import { recordedSpentTokens } from '../../../src/web/sign-in/spent-tokens.ts';
import { createTokenSealer } from '../../../src/web/sign-in/token-sealer.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';

/** What one instance of the service makes sessions with. Two with the same records are two instances. */
export function sessionsUnderTest(now: () => Date, records: RecordStore = memoryRecordStore()) {
  const sealer = createTokenSealer({ key: sessionKey({ records, clientSecret: null, now }), now });
  const spent = recordedSpentTokens(records, now);
  return { sealer, spent, sessions: createSessions({ sealer, spent, now }) };
}
