import type { SecretValue } from '../secrets/secret-value.ts';
import { isPrivateEnough, parsePlainOrSigned } from '../settings/address.ts';
import { ServiceError } from '../service-error.ts';

/**
 * Reads the address of a channel whose address is itself the secret, as Slack and Teams make them.
 * @throws ServiceError `NOTIFICATION_ADDRESS_UNUSABLE`, which tells nothing of the value.
 */
export async function secretAddress(channel: string, secret: () => Promise<SecretValue>): Promise<string> {
  const url = parsePlainOrSigned((await secret()).reveal());
  if (url === undefined || !isPrivateEnough(url)) throw new ServiceError('NOTIFICATION_ADDRESS_UNUSABLE', { channel });
  return url.href;
}
