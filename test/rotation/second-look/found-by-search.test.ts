import { describe, expect, it } from 'vitest';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { bindingOf, rotationWorld } from '../world/rotation-world.ts';

describe('a key that somebody renews by hand right before the other one is to be renewed', () => {
  it('calls a person for the dead value, though the provider cannot say which key is free', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    world.gateway.gate = {
      before: (what) => {
        const isIntent = what.startsWith('records.create journal') && what.endsWith('000003.json');
        if (isIntent) world.providers['two-keys'].put('app', { id: 'key1', name: 'key1', value: 'by hand' });
      },
      after: () => undefined,
    };
    const { counts, failures } = await reconcileRotations(world.tools);
    expect(failures.map(({ error }) => error.code)).toEqual(['PROVIDER_STATE_REFUSED']);
    expect(counts.needsAttention).toBe(1);
    const listed = (await listRotations(world.tools)).map(({ state }) => state);
    expect(listed).toEqual(['needs-attention']);
  });
});
