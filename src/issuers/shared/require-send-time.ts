import { ServiceError } from '../../service-error.ts';
import type { SendDeadline } from '../../rotation/ports/send-deadline.ts';

/**
 * Refuses to send a request that changes something after its deadline: a machine may sleep between the decision and the
 * request, while another worker goes on. Called right before sending.
 * @throws ServiceError `LEASE_ENDED`.
 */
export function requireSendTime({ provider }: { readonly provider: string }, deadline: SendDeadline | undefined): void {
  if (deadline?.hasPassed() !== true) return;
  throw new ServiceError('LEASE_ENDED', { target: provider });
}
