import type { Receipt } from '../../provenance/receipt.ts';
import { exchangeFailure, type HttpExchange } from '../http-exchange.ts';

/** The most time that a job loses if the service is down; the receipt is also in the job's log. */
const timeoutMs = 3_000;

/**
 * Posts receipts to the service, with the job's runtime token as proof of the job, before anything uses the secrets.
 * Returns `null` if the service accepted them, or else a short reason. Never throws, because the log contains the
 * receipts too.
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
