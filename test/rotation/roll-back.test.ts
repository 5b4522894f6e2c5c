import { describe, expect, it } from 'vitest';
import { approveRotation } from '../../src/rotation/approve-rotation.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import type { SecretValue } from '../../src/secrets/secret-value.ts';
import { journalOfSecret } from './world/by-hand.ts';
import { failing, lostPut, one, passes, unclear } from './world/faulty-world.ts';
import { type RotationWorld, bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

const issuers = ['mint', 'two-users', 'two-keys'] as const;
const by = personCalled('ann');
const reason = 'consumers fail';

/** Published, rolled back a moment later; gives the values as they were. */
async function rolledBack(world: RotationWorld): Promise<{ old: string; fresh: string; rotationId: string }> {
  const old = world.latestValue('app') ?? '';
  await reconcileRotations(world.tools);
  const fresh = world.latestValue('app') ?? '';
  const { rotationId } = await one(world);
  await rollBackRotation(world.tools, { rotationId, by, reason });
  expect(world.latestValue('app')).toBe(old);
  return { old, fresh, rotationId };
}

describe.each(issuers)('what was rolled back by %s', (issuer) => {
  it('lives as long as a job runs that read it', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const { fresh } = await rolledBack(world);
    const quiet = { watermark: new Date('2027-01-01T00:00:00Z'), gaps: [], reads: [], running: [] };
    world.readers = { ...quiet, running: ['team/app 7'] };
    await passes(world, 3, hourMs);
    expect(world.providers[issuer].opens('app', fresh)).toBe(true);
    expect((await one(world)).waitsFor).toEqual(['job team/app 7 runs']);
    world.readers = quiet;
    await passes(world, 1, hourMs);
    expect(world.providers[issuer].opens('app', fresh)).toBe(false);
    expect(await listRotations(world.tools)).toHaveLength(1);
  });

  it('lives on when somebody publishes it again', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const { old, fresh } = await rolledBack(world);
    const value = world.vault.held('app').find((version) => version.value.reveal() === fresh)?.value;
    if (value === undefined) throw new Error('not there');
    world.vault.put({ name: 'app', value, expires: new Date('2026-06-01T00:00:00Z') });
    await passes(world, 3, 2 * hourMs);
    expect(world.latestValue('app')).toBe(fresh);
    expect(world.providers[issuer].opens('app', fresh)).toBe(true);
    // It is in force again, and the one that it took the place of ends by the same rule.
    expect(world.providers[issuer].opens('app', old)).toBe(false);
    expect(await one(world)).toMatchObject({ state: 'rolled-back', oldValue: 'dead', newValue: 'in-force' });
  });

  it('ends where the log shows nothing only when a person agrees, long after', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const { fresh, rotationId } = await rolledBack(world);
    world.readers = { watermark: null, gaps: [], reads: [], running: [] };
    await passes(world, 2, hourMs);
    await expect(
      approveRotation(world.tools, { rotationId, by: personCalled('ben'), reason, breakGlass: false }),
    ).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    await passes(world, 1, 31 * dayMs);
    const listed = await listRotations(world.tools);
    expect(listed.find((rotation) => rotation.rotationId === rotationId)).toMatchObject({
      state: 'rolled-back',
      awaits: 'revoke',
    });
    expect(world.providers[issuer].opens('app', fresh)).toBe(true);
    await approveRotation(world.tools, { rotationId, by: personCalled('ben'), reason, breakGlass: false });
    expect(world.providers[issuer].opens('app', fresh)).toBe(false);
  });
});

describe('a roll-back', () => {
  it('is finished by the next pass when its worker dies between two secrets of a group', async () => {
    const group = { group: 'both', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'two-keys', group), bindingOf('web', 'two-keys', group)]);
    const old = world.latestValue('app');
    await reconcileRotations(world.tools);
    const { rotationId } = await one(world);
    failing(world, 'vault.add web', 1, lostPut, 'before');
    await expect(rollBackRotation(world.tools, { rotationId, by, reason })).rejects.toMatchObject({
      code: 'ROTATION_REQUEST_REFUSED',
    });
    expect([world.latestValue('app'), world.latestValue('web')]).not.toEqual([old, old]);
    await passes(world, 1, hourMs / 2);
    expect([world.latestValue('app'), world.latestValue('web')]).toEqual([old, old]);
    expect((await one(world)).state).toBe('rolled-back');
  });

  it('is not undone by itself: for a day only a person begins the next rotation', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const { old, rotationId } = await rolledBack(world);
    await passes(world, 10, 2 * hourMs);
    expect(world.latestValue('app')).toBe(old);
    expect((await listRotations(world.tools)).map((rotation) => rotation.rotationId)).toEqual([rotationId]);
    const request = { secret: 'kv/app', reason: 'mended', by, emergency: false };
    await requestRotation(world.tools, request);
    expect(world.latestValue('app')).not.toBe(old);
  });

  it('gives the secret back to the timer after a day', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const { old } = await rolledBack(world);
    await passes(world, 14, 2 * hourMs);
    expect(world.latestValue('app')).not.toBe(old);
  });

  it('gives further places the old value again, and once more when the new one arrived there behind it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { alsoPublish: [{ kind: 'shelf', name: 'app' }] })]);
    const shelf: string[] = [];
    let late: string | null = null;
    const place = {
      kind: 'shelf',
      check: () => [],
      publish: (_target: unknown, value: SecretValue) => {
        if (late === null) {
          late = value.reveal();
          return Promise.reject(unclear);
        }
        shelf.push(value.reveal());
        return Promise.resolve();
      },
    };
    Object.assign(world.tools, { places: new Map([['shelf', place]]) });
    const { old, fresh } = await rolledBack(world);
    expect(late).toBe(fresh);
    // The old value goes there when the lost request can no longer arrive, which it does.
    expect(shelf).toEqual([]);
    shelf.push(fresh);
    await passes(world, 3, hourMs);
    expect(shelf.at(-1)).toBe(old);
    expect(world.providers.mint.opens('app', fresh)).toBe(false);
  });

  it('asked for twice publishes once, and begins no second grace', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const { rotationId } = await rolledBack(world);
    const versions = world.vault.held('app').length;
    const journal = () => journalOfSecret(world);
    const entries = await journal();
    world.advance(hourMs / 2);
    await rollBackRotation(world.tools, { rotationId, by, reason });
    expect(world.vault.held('app')).toHaveLength(versions);
    expect(await journal()).toEqual(entries);
  });

  it('holds against a publication of the rotation that arrives behind it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    let sent = 0;
    world.gateway.gate = {
      before: (what) => {
        if (what === 'vault.add app' && (sent += 1) === 1) throw lostPut;
      },
      after: () => undefined,
    };
    await reconcileRotations(world.tools);
    world.advance(60_000);
    const { old, fresh } = await rolledBack(world);
    const ours = world.vault.held('app').find((version) => version.value.reveal() === fresh);
    if (ours === undefined) throw new Error('not there');
    // Its first request arrives after all.
    world.vault.put({ name: 'app', value: ours.value, expires: new Date('2026-06-01T00:00:00Z'), tags: ours.tags });
    expect(world.latestValue('app')).toBe(fresh);
    await passes(world, 4, 2 * hourMs);
    expect(world.latestValue('app')).toBe(old);
    expect(world.providers.mint.opens('app', old)).toBe(true);
    expect(world.providers.mint.opens('app', fresh)).toBe(false);
  });
});
