import { ServiceError } from '../service-error.ts';
import type { Settings } from '../settings.ts';

/** Refuses to rotate in the role `report`, because the process that attests does not act. @throws ServiceError `USAGE_WRONG`. */
export function requireRotator(command: string, { role }: Pick<Settings, 'role'>): void {
  if (role !== 'report') return;
  throw new ServiceError('USAGE_WRONG', { command, reason: 'the role report starts no rotation (KEYTURN_ROLE)' });
}
