import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { planRequest } from '../../src/rotation/plan-target.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, dayMs, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

describe('bad input in the tags of a version', () => {
  const ask = { reason: 'a test', by: personCalled('ann'), emergency: false };

  it.each(['', 'ninety', '-5', '0', '000', '1e3', '30d', '½', '1.5', '0x10'])(
    'malformed tag ValidityPeriodDays "%s": the policy’s validity holds, and each pass says so',
    async (days) => {
      const world = tagged({ ValidityPeriodDays: days }, 20);
      for (let pass = 0; pass < 2; pass += 1) {
        expect(await reconcileRotations(world.tools)).toMatchObject({
          faults: ['kv/app (tag ValidityPeriodDays): SECRET_TAG_MALFORMED'],
          counts: { due: 0, tagsMalformed: 1, tagsWidened: 0, faults: 1 },
        });
      }
      expect(world.latestValue('app')).toBe('x');
    },
  );

  it.each(['91', '900', '9'.repeat(40), '9'.repeat(256)])(
    'tag ValidityPeriodDays "%s", which widens: the policy’s validity holds, and each pass says so',
    async (days) => {
      const world = tagged({ ValidityPeriodDays: days }, 20);
      expect(await reconcileRotations(world.tools)).toMatchObject({
        faults: ['kv/app (tag ValidityPeriodDays): SECRET_TAG_WIDENS'],
        counts: { due: 0, tagsMalformed: 0, tagsWidened: 1, faults: 1 },
      });
      expect(world.latestValue('app')).toBe('x');
    },
  );

  it.each([
    ['ninety', 'SECRET_TAG_MALFORMED'],
    ['900', 'SECRET_TAG_WIDENS'],
  ])('a secret with ValidityPeriodDays "%s" that is due is rotated, and the journal says %s', async (days, code) => {
    const world = tagged({ ValidityPeriodDays: days }, 80);
    expect(await reconcileRotations(world.tools)).toMatchObject({ counts: { due: 1, published: 1, faults: 1 } });
    expect(world.latestValue('app')).not.toBe('x');
    expect(world.vault.held('app').at(-1)?.expires).toEqual(new Date(world.tools.now().getTime() + 90 * dayMs));
    // The tag stands on the new version too, so the next pass says it again, and rotates nothing.
    const next = await reconcileRotations(world.tools);
    expect(next.faults).toEqual([`kv/app (tag ValidityPeriodDays): ${code}`]);
    expect(world.vault.held('app')).toHaveLength(3);
  });

  it.each(['', 'of', 'offf', 'paused', 'true', '90d'])(
    'malformed tag rotation "%s": counts as off, for the event, the pass and the person',
    async (word) => {
      const world = tagged({ rotation: word }, 80);
      expect(await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'))).toMatchObject({
        outcome: 'not-due',
        reason: 'SECRET_TAG_MALFORMED',
      });
      expect(await reconcileRotations(world.tools)).toMatchObject({
        faults: ['kv/app (tag rotation): SECRET_TAG_MALFORMED'],
        counts: { due: 0, tagsMalformed: 1 },
      });
      await expect(requestRotation(world.tools, { ...ask, secret: 'app' })).rejects.toMatchObject({
        code: 'SECRET_TAG_MALFORMED',
        details: { vault: 'kv', secret: 'app', tag: 'rotation', expected: 'on or off' },
      });
      expect(world.latestValue('app')).toBe('x');
      // A value that has leaked ends whatever a tag says; the journal keeps that one was there.
      await requestRotation(world.tools, { ...ask, secret: 'app', emergency: true });
    },
  );

  it('the words that are none of this: on and off in any case, and days that shorten, are no fault', async () => {
    for (const tags of [{ rotation: ' On ' }, { rotation: 'OFF' }, { ValidityPeriodDays: ' 085 ' }, {}]) {
      const { faults, counts } = await reconcileRotations(tagged(tags, 1).tools);
      expect([faults, counts.tagsMalformed + counts.tagsWidened]).toEqual([[], 0]);
    }
  });

  it('malformed tags of a group: each secret’s once a pass, and the others are held with the one that is held', async () => {
    const group = { group: 'pair', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('a', 'two-users', group), bindingOf('b', 'two-users', group)]);
    const created = new Date(world.tools.now().getTime() - 80 * dayMs);
    const value = new SecretValue('a:old-a');
    world.vault.put({ name: 'a', value, created, tags: { CredentialId: 'a', rotation: 'nope' } });
    world.vault.put({
      name: 'b',
      value,
      created,
      tags: { CredentialId: 'a', ValidityPeriodDays: 'x', rotation: 'no' },
    });
    expect(await reconcileRotations(world.tools)).toMatchObject({
      faults: [
        'kv/a (tag rotation): SECRET_TAG_MALFORMED',
        'kv/b (tag rotation): SECRET_TAG_MALFORMED',
        'kv/b (tag ValidityPeriodDays): SECRET_TAG_MALFORMED',
      ],
      counts: { due: 0, claimed: 0, tagsMalformed: 3, faults: 3 },
    });
    world.vault.put({ name: 'a', value, created, tags: { CredentialId: 'a' } });
    world.vault.put({ name: 'b', value, created, tags: { CredentialId: 'a', ValidityPeriodDays: 'x' } });
    expect(await reconcileRotations(world.tools)).toMatchObject({
      faults: ['kv/b (tag ValidityPeriodDays): SECRET_TAG_MALFORMED'],
      counts: { due: 1, claimed: 1, published: 1 },
    });
  });

  it('plans say which tag is not obeyed and what follows, without its text', async () => {
    const world = tagged({ ValidityPeriodDays: 'hunter2', rotation: 'offf' }, 80);
    const sentences = [
      'kv/app: tag rotation is not on or off (SECRET_TAG_MALFORMED); it counts as off, so that only an emergency rotates.',
      'kv/app: tag ValidityPeriodDays is not a whole number of days, at least 1 (SECRET_TAG_MALFORMED); it has no effect; the policy’s 90d hold.',
    ].map((one) => one.replace('’', "'"));
    const { plan, faults, counts } = await reconcileRotations(world.tools, { plan: true });
    expect([...plan].sort()).toEqual([...sentences].sort());
    expect([faults.length, counts.tagsMalformed]).toEqual([2, 2]);
    const { sentences: planned } = await planRequest(world.tools, 'app');
    expect(planned).toEqual(expect.arrayContaining(sentences));
    expect([...plan, ...planned, ...faults].join()).not.toContain('hunter2');
  });

  /** A world whose one secret was set by hand so many days ago, with these tags. */
  function tagged(tags: Readonly<Record<string, string>>, ageDays: number): ReturnType<typeof rotationWorld> {
    const world = rotationWorld([bindingOf('app', 'random')]);
    const created = new Date(world.tools.now().getTime() - ageDays * dayMs);
    world.vault.put({ name: 'app', value: new SecretValue('x'), created, tags });
    return world;
  }
});
