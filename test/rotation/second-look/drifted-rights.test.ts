import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { journalOfSecret } from '../world/by-hand.ts';
import { bindingOf, hourMs, rotationWorld } from '../world/rotation-world.ts';

describe('a value in force that the provider lets in with other rights than the target has', () => {
  it.each(['mint', 'two-users', 'two-keys', 'single'] as const)(
    'is a call for a person, and is neither set anew nor replaced: %s',
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer)]);
      await reconcileRotations(world.tools);
      world.advance(2 * hourMs);
      await reconcileRotations(world.tools);
      world.advance(7 * hourMs);
      const { issuer: whole } = world.providers[issuer];
      const drifted = {
        ...whole,
        verify: () => Promise.resolve({ outcome: 'refused', authenticated: true, reason: 'other rights' } as const),
      };
      const tools = { ...world.tools, issuers: new Map([...world.tools.issuers, [issuer, drifted]]) };
      const value = world.latestValue('app');
      const { made } = world.providers[issuer];
      const { counts } = await reconcileRotations(tools);
      expect(counts.needsAttention).toBe(1);
      expect((await journalOfSecret(world)).at(-1)).toMatchObject({
        act: 'call',
        facts: { code: 'CREDENTIAL_RIGHTS_DIFFER' },
      });
      expect(world.latestValue('app')).toBe(value);
      expect(world.providers[issuer].made).toBe(made);
      await reconcileRotations(world.tools);
      expect((await reconcileRotations(world.tools)).counts.needsAttention).toBe(0);
    },
  );
});
