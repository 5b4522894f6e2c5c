import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackSecret } from '../../src/rotation/roll-back-rotation.ts';
import { bindingOf, hourMs, policyOf, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

const back = { by: personCalled('ann'), reason: 'broken' };
const ask = { by: personCalled('ann'), reason: 'a test', emergency: false };

describe('rolling back by the name of a secret', () => {
  it('finds the rotation of that secret among others, and gives its id', async () => {
    const world = rotationWorld([bindingOf('app', 'mint'), bindingOf('other', 'mint')]);
    const old = world.latestValue('app');
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('other');
    const rotationId = await rollBackSecret(world.tools, { ...back, secret: 'KV/app' });
    expect(world.latestValue('app')).toBe(old);
    expect(world.latestValue('other')).toBe(fresh);
    const states = (await listRotations(world.tools)).map((one) => [one.secret, one.state, one.rotationId]);
    expect(states).toEqual(
      expect.arrayContaining([
        ['app', 'rolled-back', `${rotationId}.1`],
        ['other', 'grace', expect.any(String)],
      ]),
    );
  });

  it('rolls a group back as one, whichever of its secrets is named', async () => {
    const group = { group: 'pair', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'random', group), bindingOf('copy', 'random', group)]);
    const old = [world.latestValue('app'), world.latestValue('copy')];
    await reconcileRotations(world.tools);
    expect([world.latestValue('app'), world.latestValue('copy')]).not.toEqual(old);
    await rollBackSecret(world.tools, { ...back, secret: 'copy' });
    expect([world.latestValue('app'), world.latestValue('copy')]).toEqual(old);
  });

  it('refuses to roll the same rotation back twice, and publishes nothing a second time', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { minimumAgeMs: 0, graceMs: 24 * hourMs })]);
    await requestRotation(world.tools, { ...ask, secret: 'app' });
    const first = await rollBackSecret(world.tools, { ...back, secret: 'app' });
    await expect(rollBackSecret(world.tools, { ...back, secret: 'app' })).rejects.toMatchObject({
      code: 'ROLL_BACK_REFUSED',
      details: { rotationId: first, reason: 'It is rolled back already.' },
    });
    expect(world.vault.held('app')).toHaveLength(3);
  });

  it('says that nothing is in its grace before a rotation, and after the revocation', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const refusal = {
      code: 'ROLL_BACK_REFUSED',
      details: { rotationId: null, reason: 'No rotation of kv/app is in its grace.' },
    };
    await expect(rollBackSecret(world.tools, { ...back, secret: 'app' })).rejects.toMatchObject(refusal);
    await reconcileRotations(world.tools);
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    expect(await listRotations(world.tools)).toMatchObject([{ state: 'done' }]);
    await expect(rollBackSecret(world.tools, { ...back, secret: 'app' })).rejects.toMatchObject(refusal);
  });

  it('refuses a name that several vaults have, and names them; nothing is touched', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const twice = policyOf(bindingOf('app', 'mint'), bindingOf('app', 'mint', { vault: 'kv2' }));
    const tools = { ...world.tools, policy: twice };
    const refusal = {
      code: 'ROTATION_REQUEST_REFUSED',
      details: { secret: 'app', reason: expect.stringContaining('kv/app, kv2/app') as string },
    };
    await expect(rollBackSecret(tools, { ...back, secret: 'app' })).rejects.toMatchObject(refusal);
    await expect(requestRotation(tools, { ...ask, secret: 'app' })).rejects.toMatchObject(refusal);
    expect(world.vault.held('app')).toHaveLength(1);
  });
});
