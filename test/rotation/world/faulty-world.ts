import { handleVaultEvent } from '../../../src/rotation/handle-vault-event.ts';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { nearExpiry } from './near-expiry.ts';
import type { RotationWorld } from './rotation-world.ts';

/** Fails the next calls whose name begins so, before or behind their effect. */
export function failing(
  world: RotationWorld,
  begins: string,
  times: number,
  error: ServiceError,
  when: 'before' | 'after',
): void {
  let left = times;
  const fail = (what: string) => {
    if (!what.startsWith(begins) || left === 0) return;
    left -= 1;
    throw error;
  };
  world.gateway.gate = {
    before: when === 'before' ? fail : () => undefined,
    after: when === 'after' ? fail : () => undefined,
  };
}

export const unclear = new ServiceError('PROVIDER_ANSWER_UNCLEAR', {
  issuer: 'mint',
  provider: 'test',
  reason: 'reset',
});
export const lostPut = new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: 'kv', secret: 'app', status: 500 });
export const fire = (world: RotationWorld, name = 'app') =>
  handleVaultEvent(world.tools, nearExpiry(world.vault, name));
export const one = async (world: RotationWorld) => {
  const [rotation] = await listRotations(world.tools);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
};
export async function passes(world: RotationWorld, count: number, everyMs = 300_000): Promise<void> {
  for (let pass = 0; pass < count; pass += 1) {
    world.advance(everyMs);
    await reconcileRotations(world.tools);
  }
}
