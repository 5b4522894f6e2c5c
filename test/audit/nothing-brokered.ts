import type { BrokerHistory } from '../../src/broker/history/broker-history.ts';

/** A period without a broker. */
export const nothingBrokered: BrokerHistory = { reads: [], refusals: [], secondKeys: [], uses: [] };
