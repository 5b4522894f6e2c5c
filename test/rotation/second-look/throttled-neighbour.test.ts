import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import type { RotationTools } from '../../../src/rotation/rotation-tools.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { memoryVault } from '../world/memory-secret-store.ts';
import { bindingOf, dayMs, rotationWorld } from '../world/rotation-world.ts';

const vaultMs = 60;
const minuteMs = 60_000;

describe('a vault that throttles every write', () => {
  it.each([24, 60])('keeps no secret of another vault waiting: beside %d secrets of its own', async (count) => {
    const names = Array.from({ length: count }, (_one, index) => `a${String(index)}`);
    const bindings = names.map((name) => bindingOf(name, 'random'));
    const world = rotationWorld([...bindings, bindingOf('b', 'random', { vault: 'other' })]);
    const other = memoryVault('other', world.tools.now, world.gateway);
    other.put({
      name: 'b',
      value: new SecretValue('old'),
      created: new Date(world.tools.now().getTime() - 80 * dayMs),
      expires: new Date(world.tools.now().getTime() + 10 * dayMs),
    });
    const tools: RotationTools = {
      ...world.tools,
      stores: new Map([...world.tools.stores, ['other', other]]),
      vaults: [...world.tools.vaults, { name: 'other', url: 'https://other.vault.azure.net', resourceId: '/other' }],
      wait: (milliseconds) => {
        world.advance(milliseconds);
        return Promise.resolve();
      },
    };
    world.gateway.gate = {
      before: (what) => {
        if (what.startsWith('vault.')) world.advance(vaultMs);
        if (/^vault\.add a\d/.test(what))
          throw new ServiceError('VAULT_THROTTLED', { vault: 'kv', retryAfterSeconds: 5 });
      },
      after: () => undefined,
    };
    const begun = tools.now().getTime();
    await reconcileRotations(tools);
    expect(other.held('b')).toHaveLength(2);
    // The pass itself ends in its time.
    expect(tools.now().getTime() - begun).toBeLessThanOrEqual(4 * minuteMs + 5_000);
  });
});
