import { ServiceError } from '../service-error.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationUnit, unitOf } from './rotation-unit.ts';

/**
 * The unit of a secret that a person names: `vault/name`, or `name` alone where one vault has it in the policy.
 * @throws ServiceError `SECRET_NOT_BOUND`; `ROTATION_REQUEST_REFUSED` for a name that several vaults have.
 */
export function boundUnit({ policy }: Pick<RotationTools, 'policy'>, secret: string): RotationUnit {
  const wanted = secret.trim().toLowerCase();
  const keys = [...policy.secrets.keys()].filter((key) => key === wanted || key.endsWith(`/${wanted}`));
  const [vault = '', name = ''] = wanted.includes('/') ? wanted.split('/') : ['', wanted];
  if (keys.length > 1) {
    const reason = `Several vaults have one of this name: ${keys.join(', ')}. Name its vault too.`;
    throw new ServiceError('ROTATION_REQUEST_REFUSED', { vault, secret: name, reason });
  }
  const binding = policy.secrets.get(keys[0] ?? '');
  const unit = binding === undefined ? null : unitOf(policy, binding);
  if (unit === null) throw new ServiceError('SECRET_NOT_BOUND', { vault, secret: name });
  return unit;
}
