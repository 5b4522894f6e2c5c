import { describe, expect, it } from 'vitest';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import type { Policy, SecretBinding } from '../../../src/secrets/policy.ts';
import { bindingOf, dayMs, policyOf, rotationWorld, type RotationWorld } from '../world/rotation-world.ts';

/** The secrets of a policy, which counts how often it is looked over from one end to the other. */
class CountedSecrets extends Map<string, SecretBinding> {
  looks = 0;

  override values(): MapIterator<SecretBinding> {
    this.looks += 1;
    return super.values();
  }
}

/** So many secrets in two environments, each rotated once, to the end. */
async function rotatedOnce(count: number): Promise<{ world: RotationWorld; policy: Policy; secrets: CountedSecrets }> {
  const bindings = Array.from({ length: count }, (_, index) => {
    const environment = index % 2 === 0 ? 'test' : 'prod';
    return bindingOf(`app-${String(index)}-${environment}`, 'random', { environment });
  });
  const plain = policyOf(...bindings);
  const policy = { ...plain, limits: { ...plain.limits, environmentOrder: ['test', 'prod'] } };
  const world = rotationWorld(bindings);
  world.policy(policy);
  for (let day = 0; day < 6; day += 1) {
    await reconcileRotations(world.tools);
    world.advance(dayMs);
  }
  for (const { name } of bindings) {
    const versions = await world.vault.versions(name);
    expect(versions.filter(({ enabled }) => enabled)).toHaveLength(1);
    expect(versions).toHaveLength(2);
  }
  const secrets = new CountedSecrets(policy.secrets);
  world.policy({ ...policy, secrets });
  return { world, policy, secrets };
}

describe('a pass in which nothing is due', () => {
  it('looks over the policy as often after forty rotations as after four', async () => {
    const looks: number[] = [];
    for (const count of [4, 40]) {
      const { world, secrets } = await rotatedOnce(count);
      await reconcileRotations(world.tools);
      looks.push(secrets.looks);
    }
    expect(looks[1]).toBe(looks[0]);
  });

  it('reads the index of targets once', async () => {
    const { world } = await rotatedOnce(4);
    const read: string[] = [];
    const records: RecordStore = {
      ...world.records,
      read: async (path) => {
        read.push(path);
        return await world.records.read(path);
      },
    };
    await reconcileRotations({ ...world.tools, records });
    expect(read.filter((path) => path === 'rotation/targets.json')).toHaveLength(1);
  });
});
