import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import type { RotationEvent } from '../../src/rotation/rotation-tools.ts';
import { drive } from './world/by-hand.ts';
import { bindingOf, hourMs, rotationWorld } from './world/rotation-world.ts';

describe.each([
  ['random', ['claimed', 'published', 'grace', 'revoked', 'done'], 'disabled-only'],
  ['mint', ['claimed', 'issued', 'staged', 'verified', 'published', 'grace', 'revoked', 'done'], 'dead'],
  ['two-users', ['claimed', 'staged', 'issued', 'verified', 'published', 'grace', 'revoked', 'done'], 'dead'],
  ['single', ['claimed', 'staged', 'issued', 'verified', 'published', 'grace', 'revoked', 'done'], 'dead'],
  ['two-keys', ['claimed', 'issued', 'verified', 'published', 'grace', 'revoked', 'done'], 'dead'],
] as const)('a rotation by issuer %s', (issuer, steps, oldValue) => {
  it('publishes a working value, waits for its grace, ends the old one, and tells each step', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const { tools, vault } = world;
    const said: string[] = [];
    const told = { ...tools, log: ({ state }: RotationEvent) => void said.push(state) };
    const before = world.latestValue('app');
    await drive(told);
    expect(await listRotations(tools)).toMatchObject([{ state: 'grace' }]);
    const after = world.latestValue('app') ?? '';
    expect(after).not.toBe(before);
    const provider = Object.values(world.providers).find((one) => one.issuer.name === issuer);
    expect(provider?.opens('app', after)).toBe(true);

    world.advance(2 * hourMs);
    await drive(told);
    expect(await listRotations(tools)).toMatchObject([{ state: 'done', oldValue }]);
    if (oldValue === 'dead') expect(provider?.opens('app', before ?? '')).toBe(false);
    expect(provider?.opens('app', after)).toBe(true);
    expect(vault.held('app').map(({ enabled }) => enabled)).toEqual([false, true]);
    expect(vault.held('rot-pending--app').every(({ enabled }) => !enabled)).toBe(true);

    // What is staged is tidied within the same drive, so that the step between publication and grace is not always seen.
    expect(steps.filter((step) => step === 'published' || said.includes(step))).toEqual(steps);
  });

  it('re-writes our tags, keeps the others, and sets the expiry', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const { rotation } = await drive(world.tools);
    const [old, published] = world.vault.held('app');
    expect(published?.expires).toEqual(new Date('2026-05-30T00:00:00Z'));
    expect(published?.tags).toMatchObject({
      owner: 'team-a',
      environment: 'prod',
      version: '1',
      expires: '2026-05-30',
      'rotation-id': `${rotation?.claim.rotationId ?? ''}.1`,
      'rotated-from': old?.version,
    });
  });
});
