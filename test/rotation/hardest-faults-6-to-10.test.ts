import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';

import { failing, fire, one, passes } from './world/faulty-world.ts';
import { emptyMemory } from '../../src/rotation/rotation-tools.ts';
import { drive } from './world/by-hand.ts';
import { personCalled } from '../provenance/people.ts';

// Of 8: five hundred secrets in one minute are bench/rotation; Graph's "concurrent requests" is test/issuers/entra-issuers.
// Of 10: the credential that the rotator itself acts with is test/issuers/own-credential and test/composition/own-gitea-token.
describe('the ten hardest faults', () => {
  it('6: a version that somebody else sets meanwhile stands; ours is withdrawn and the old one kept', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.providers.mint.notYet = 1;
    await fire(world);
    world.vault.put({
      name: 'app',
      value: new SecretValue('by hand'),
      expires: new Date(world.tools.now().getTime() + 80 * dayMs),
    });
    await passes(world, 2);
    expect(await one(world)).toMatchObject({ state: 'superseded' });
    expect(world.latestValue('app')).toBe('by hand');
    expect(world.providers.mint.live('app').map(({ id }) => id)).toEqual(['old-app']);
  });

  it('6b: a newest version that is disabled by hand is no crash loop: it waits for a person, whose request heals the readers', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.vault.disable('app', world.vault.held('app')[0]?.version ?? '');
    expect(await fire(world)).toMatchObject({ outcome: 'waiting', reason: 'SECRET_DISABLED' });
    await passes(world, 3);
    expect(world.vault.held('app')).toHaveLength(1);
    const request = { secret: 'app', reason: 'it leaked', by: personCalled('ann'), emergency: true };
    await requestRotation(world.tools, request);
    expect(world.latestValue('app')).toMatch(/^minted-/);
  });

  it('7: nothing is revoked while it is in use; the journal says by whom; then it is shown to be dead', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await fire(world);
    world.readers = { watermark: new Date('2027-01-01'), gaps: [], reads: [], running: ['team/app 7/1.1'] };
    await passes(world, 30);
    expect(await one(world)).toMatchObject({ state: 'grace', waitsFor: ['job team/app 7/1.1 runs'] });
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    world.readers = null;
    await passes(world, 1);
    expect(await one(world)).toMatchObject({ state: 'done', oldValue: 'dead' });
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(false);
  });

  it.each([
    [
      'a gap in the log',
      { watermark: new Date('2027-01-01'), gaps: ['2026-03-01T00'], reads: [], running: [] },
      /^gap/,
    ],
    [
      'a log that is not read up to the end of the grace',
      { watermark: new Date('2026-03-01T00:10:00Z'), gaps: [], reads: [], running: [] },
      /^log of/,
    ],
    ['a log that was never read', { watermark: null, gaps: [], reads: [], running: [] }, /read up to nowhere/],
    [
      'a read of the old version',
      {
        watermark: new Date('2027-01-01'),
        gaps: [],
        reads: [{ at: new Date('2026-03-01T02:00:00Z'), job: null, identity: 'x' }],
        running: [],
      },
      /^read kv\/app/,
    ],
  ])('7b: %s keeps the old credential alive', async (_name, readers, reason) => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await fire(world);
    world.readers = readers;
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    expect((await one(world)).waitsFor.join()).toMatch(reason);
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
  });

  it('8: a clock that jumps forty days claims nothing and revokes nothing', async () => {
    const world = rotationWorld([bindingOf('app', 'mint'), bindingOf('other', 'mint', { validityMs: 300 * dayMs })]);
    await fire(world);
    world.skew(40 * dayMs);
    await reconcileRotations(world.tools);
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    expect(world.vault.held('app')).toHaveLength(2);
    expect(world.vault.held('other')).toHaveLength(1);
  });

  it('8b: a throttled vault costs no second credential, whatever it says about trying again', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    failing(
      world,
      'vault.add',
      40,
      new ServiceError('VAULT_THROTTLED', { vault: 'kv', retryAfterSeconds: null }),
      'before',
    );
    await fire(world);
    await passes(world, 60, 10_000);
    expect(await one(world)).toMatchObject({ state: 'grace' });
    expect(world.providers.mint.made).toBe(1);
  });

  it('9: a provider that needs three minutes is waited for; one that never knows the credential stops the rotation', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.providers.mint.notYet = 5;
    await fire(world);
    expect(await one(world)).toMatchObject({ state: 'retry-wait' });
    await passes(world, 8, 30_000);
    expect(await one(world)).toMatchObject({ state: 'grace' });
    expect(world.providers.mint.made).toBe(1);
  });

  it('9b: a value that the policy of the provider refuses is replaced, once it is shown that it was not set', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    world.providers['two-users'].refusesByPolicy = 1;
    await fire(world);
    await passes(world, 2);
    expect(await one(world)).toMatchObject({ state: 'grace' });
    expect(world.providers['two-users'].opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('9c: a group resumes at the second secret with the same value, and keeps the old one until all are published', async () => {
    const group = { group: 'db', target: { account: 'db' } };
    const world = rotationWorld([
      bindingOf('a', 'two-keys', group),
      bindingOf('b', 'two-keys', group),
      bindingOf('c', 'two-keys', group),
    ]);
    failing(
      world,
      'vault.add b',
      1,
      new ServiceError('VAULT_ACCESS_DENIED', { vault: 'kv', secret: 'b', objectId: null, reason: 'ForbiddenByRbac' }),
      'before',
    );
    await fire(world, 'a');
    expect(world.vault.held('b')).toHaveLength(1);
    expect(world.providers['two-keys'].opens('db', world.latestValue('b') ?? '')).toBe(true);
    await passes(world, 1);
    const values = ['a', 'b', 'c'].map((name) => world.latestValue(name));
    expect(new Set(values).size).toBe(1);
    expect(world.vault.held('c')).toHaveLength(2);
    expect(world.providers['two-keys'].made).toBe(1);
  });

  it('10: a lost journal is rebuilt from the tags, and the grace begins again before anything ends', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await fire(world);
    world.advance(2 * hourMs);
    const other = rotationWorld([bindingOf('app', 'mint')]);
    const tools = { ...world.tools, records: other.records, memory: emptyMemory() };
    await reconcileRotations(tools);
    const [rebuilt] = await listRotations(tools);
    expect(rebuilt).toMatchObject({ state: 'grace' });
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    world.advance(2 * hourMs);
    await reconcileRotations(tools);
    expect((await listRotations(tools))[0]).toMatchObject({ state: 'done' });
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(false);
    expect(world.vault.held('app')).toHaveLength(2);
  });

  it('10b: a secret that is softly deleted waits for a person, and goes on when it is recovered and asked for again', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.providers.mint.notYet = 1;
    await fire(world);
    world.vault.remove('app');
    await passes(world, 1);
    expect(await one(world)).toMatchObject({ state: 'needs-attention', failure: 'SECRET_ABSENT' });
    world.vault.recover('app');
    await requestRotation(world.tools, {
      secret: 'app',
      reason: 'recovered',
      by: personCalled('ann'),
      emergency: false,
    });
    expect(await one(world)).toMatchObject({ state: 'grace' });
  });

  it('10c: a vault that refuses us is tried again later, with the diagnosis in the journal', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    failing(
      world,
      'vault.add',
      2,
      new ServiceError('VAULT_ACCESS_DENIED', {
        vault: 'kv',
        secret: 'app',
        objectId: 'o-1',
        reason: 'ForbiddenByRbac',
      }),
      'before',
    );
    await fire(world);
    const waiting = await one(world);
    expect(waiting).toMatchObject({ state: 'retry-wait', failure: 'VAULT_ACCESS_DENIED' });
    expect(waiting.diagnosis).toContain('reason ForbiddenByRbac');
    await passes(world, 3);
    expect(await one(world)).toMatchObject({ state: 'grace' });
  });
});

it('goes no step further for a rotation that has ended', async () => {
  const world = rotationWorld([bindingOf('app', 'random')]);
  await fire(world);
  await passes(world, 30);
  const versions = world.vault.held('app').length;
  expect(await drive(world.tools)).toMatchObject({ outcome: 'rested', acts: [] });
  expect(world.vault.held('app')).toHaveLength(versions);
});
