import type { Receipt } from '../../provenance/receipt.ts';
import { exchangeFailure, type HttpExchange } from '../http-exchange.ts';

/** A service that is down must not cost a job more than this; the receipt is in the job's log as well. */
const timeoutMs = 3_000;

/**
 * Posts receipts to the service, with the job's runtime token as proof of the job, before anything uses the secrets.
 * Gives `null` when the service took them, else a short reason. Never throws: the log holds the receipts too.
 */
export async function postReceipts(
  exchange: HttpExchange,
  service: string,
  runtimeToken: string,
  receipts: readonly Receipt[],
  authority?: string,
): Promise<string | null> {
  try {
    const answer = await exchange({
      method: 'POST',
      url: `${service}/receipts`,
      headers: { authorization: `Bearer ${runtimeToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ receipts }),
      timeoutMs,
      authority,
    });
    return answer.status === 202 ? null : `HTTP ${String(answer.status)}`;
  } catch (error) {
    return exchangeFailure(error);
  }
}
