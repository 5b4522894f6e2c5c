import { describe, expect, it } from 'vitest';
import { advanceRotation } from '../../src/rotation/advance-rotation.ts';
import { claimRotation } from '../../src/rotation/claim-rotation.ts';
import { readJournal } from '../../src/rotation/rotation-journal.ts';
import { unitOf } from '../../src/rotation/rotation-unit.ts';
import { bindingOf, hourMs, rotationWorld } from './world/rotation-world.ts';

const wish = { trigger: 'event', reason: null, askedBy: null, emergency: false } as const;

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
    const claimed = await claimRotation(tools, unit(world), wish);
    if (claimed.outcome !== 'claimed') throw new Error('not claimed');
    const before = world.latestValue('app');
    expect(await advanceRotation(tools, claimed.rotationId)).toMatchObject({
      outcome: 'waiting',
      rotation: { state: 'grace' },
    });
    const after = world.latestValue('app') ?? '';
    expect(after).not.toBe(before);
    const provider = Object.values(world.providers).find((one) => one.issuer.name === issuer);
    expect(provider?.opens('app', after)).toBe(true);

    world.advance(2 * hourMs);
    const end = await advanceRotation(tools, claimed.rotationId);
    expect(end).toMatchObject({ outcome: 'ended', rotation: { state: 'done', oldValue } });
    if (oldValue === 'dead') expect(provider?.opens('app', before ?? '')).toBe(false);
    expect(provider?.opens('app', after)).toBe(true);
    expect(vault.held('app').map(({ enabled }) => enabled)).toEqual([false, true]);
    expect(vault.held('rot-pending--app').every(({ enabled }) => !enabled)).toBe(true);

    const entries = await readJournal(tools.records, claimed.rotationId);
    expect([...new Set(entries.map(({ step }) => step))]).toEqual(steps);
  });

  it('re-writes our tags, keeps the others, and sets the expiry', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const claimed = await claimRotation(world.tools, unit(world), wish);
    if (claimed.outcome !== 'claimed') throw new Error('not claimed');
    await advanceRotation(world.tools, claimed.rotationId);
    const [old, published] = world.vault.held('app');
    expect(published?.expires).toEqual(new Date('2026-05-30T00:00:00Z'));
    expect(published?.tags).toMatchObject({
      owner: 'team-a',
      environment: 'prod',
      version: '1',
      expires: '2026-05-30',
      'rotation-id': `${claimed.rotationId}.1`,
      'rotated-from': old?.version,
    });
  });
});

function unit({ tools }: ReturnType<typeof rotationWorld>) {
  const found = unitOf(tools.policy, { vault: 'kv', name: 'app' });
  if (found === null) throw new Error('unbound');
  return found;
}
