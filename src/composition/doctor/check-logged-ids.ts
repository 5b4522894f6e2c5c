import { dayMs } from '../../secrets/duration.ts';
import { periodRows } from '../../audit/period/period-rows.ts';
import { receiptsOf } from '../../audit/collection/receipt-ledger.ts';
import type { Composition } from '../composition.ts';
import { type Check, lookAt, pass, warn } from './check.ts';

type Ports = Pick<Composition, 'records' | 'now'>;

/**
 * Which id the tenant's log shows for a read, by what is on record of the last three days: the vault's own, which only
 * the caller is told, or the client's, which anybody can choose. `keyturn-fetch doctor --audit` makes such a read; the
 * collectors bring its receipt and its row together within the hour or two.
 */
export async function checkLoggedIds({ records, now }: Ports): Promise<Check> {
  const what = 'ids in the log';
  return await lookAt(what, async () => {
    const period = { from: new Date(now().getTime() - 3 * dayMs), to: now() };
    const servers = new Set<string>();
    const clients = new Set<string>();
    for await (const { receipt } of receiptsOf(records, period)) {
      clients.add(receipt.clientRequestId.toLowerCase());
      for (const { id } of receipt.requests) servers.add(id.toLowerCase());
    }
    let [byServer, byClient] = [0, 0];
    for await (const { retrievals } of periodRows(records, period)) {
      for (const { correlationId } of retrievals) {
        const id = correlationId?.toLowerCase() ?? '';
        if (servers.has(id)) byServer += 1;
        else if (clients.has(id)) byClient += 1;
      }
    }
    if (byClient > 0) {
      const counts = `${String(byClient)} reads by client ids, ${String(byServer)} by the vault's own`;
      return warn(what, `this tenant logs ${counts}; a caller chooses its client id, so these reads prove less`);
    }
    if (byServer > 0) return pass(what, `the vault's own, as expected: ${String(byServer)} reads met their receipts`);
    const how = 'keyturn-fetch doctor --audit --secret NAME in a job makes one; look again two hours later';
    return warn(what, `not known: no receipt of the last three days has met its row. ${how}`);
  });
}
