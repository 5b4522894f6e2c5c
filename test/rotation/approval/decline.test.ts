import { describe, expect, it } from 'vitest';
import { approveRotation } from '../../../src/rotation/approve-rotation.ts';
import { declineRotation } from '../../../src/rotation/approve-rotation.ts';
import { readRotationHistories } from '../../../src/rotation/history/read-rotation-histories.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { personCalled } from '../../provenance/people.ts';
import { one } from '../world/faulty-world.ts';
import { journalOfSecret } from '../world/by-hand.ts';
import { bindingOf, dayMs, hourMs, type RotationWorld, rotationWorld } from '../world/rotation-world.ts';

const ask = { secret: 'kv/app', reason: 'because', by: personCalled('ann'), emergency: false };
const decline = async (world: RotationWorld, reason = 'not before the audit') =>
  declineRotation(world.tools, { rotationId: (await one(world)).rotationId, by: personCalled('bob'), reason });

async function historyOf(world: RotationWorld) {
  const found = [];
  for await (const history of readRotationHistories(world.tools.records)) found.push(history);
  return found.at(-1);
}

describe('a rotation that waits for approval to publish and is declined', () => {
  const waiting = async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
    await requestRotation(world.tools, ask);
    return world;
  };

  it('publishes nothing, keeps the value in force, and ends what it had made', async () => {
    const world = await waiting();
    await decline(world);
    expect(await one(world)).toMatchObject({
      state: 'needs-attention',
      failure: 'APPROVAL_DECLINED',
      awaits: null,
      oldValue: 'in-force',
    });
    world.advance(hourMs);
    await reconcileRotations(world.tools);
    expect(world.vault.held('app')).toHaveLength(1);
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    expect(await one(world)).toMatchObject({ newValue: 'withdrawn' });
  });

  it('keeps who declined, and why, in the journal and in the history that reports read', async () => {
    const world = await waiting();
    await decline(world);
    const [entry] = (await journalOfSecret(world)).filter(({ act }) => act === 'decline');
    expect(entry?.facts).toMatchObject({ question: 'publish', by: personCalled('bob'), text: 'not before the audit' });
    expect((await historyOf(world))?.declines).toMatchObject([
      { step: 'publish', by: personCalled('bob'), reason: 'not before the audit' },
    ]);
  });

  it('does not begin again by itself, and does when a person asks again', async () => {
    const world = await waiting();
    await decline(world);
    world.advance(10 * dayMs);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'needs-attention', failure: 'APPROVAL_DECLINED' });
    await requestRotation(world.tools, { ...ask, reason: 'the audit is over' });
    expect(await one(world)).toMatchObject({ state: 'awaiting-approval', awaits: 'publish' });
    expect((await one(world)).declines).toMatchObject([{ by: personCalled('bob') }]);
    await approveRotation(world.tools, {
      rotationId: (await one(world)).rotationId,
      by: personCalled('bob'),
      breakGlass: false,
      reason: 'now it may',
    });
    expect(world.vault.held('app')).toHaveLength(2);
  });

  it('takes no second word, neither approval nor decline', async () => {
    const world = await waiting();
    const { rotationId } = await one(world);
    await decline(world);
    const word = { rotationId, by: personCalled('cay'), reason: 'seen' };
    await expect(approveRotation(world.tools, { ...word, breakGlass: false })).rejects.toMatchObject({
      code: 'APPROVAL_REFUSED',
    });
    await expect(declineRotation(world.tools, word)).rejects.toMatchObject({ code: 'DECLINE_REFUSED' });
  });

  it('may be withdrawn by the person who asked for it', async () => {
    const world = await waiting();
    const { rotationId } = await one(world);
    await declineRotation(world.tools, { rotationId, by: personCalled('ann'), reason: 'asked by mistake' });
    expect(await one(world)).toMatchObject({ state: 'needs-attention', failure: 'APPROVAL_DECLINED' });
  });
});

describe('a first rotation whose go is declined', () => {
  it('stops, and waits until a person asks for it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { first: 'go' })]);
    world.advance(400 * dayMs);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'awaiting-go', awaits: 'go' });
    await decline(world);
    world.advance(10 * dayMs);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'needs-attention', failure: 'APPROVAL_DECLINED', awaits: null });
    expect(world.vault.held('app')).toHaveLength(1);
    await requestRotation(world.tools, ask);
    expect(world.vault.held('app')).toHaveLength(2);
  });
});

describe('a revocation that is declined', () => {
  const waiting = async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['revoke'] })]);
    await requestRotation(world.tools, ask);
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    return world;
  };

  it('keeps the old value alive, and asks again after a week', async () => {
    const world = await waiting();
    expect(await one(world)).toMatchObject({ awaits: 'revoke' });
    await decline(world, 'the billing job still uses it');
    expect(await one(world)).toMatchObject({ state: 'grace', awaits: null, oldValue: 'in-grace' });
    world.advance(6 * dayMs);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'grace', awaits: null });
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    world.advance(dayMs + hourMs);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'awaiting-approval', awaits: 'revoke' });
  });

  it('is told with the day on which it is asked again', async () => {
    const world = await waiting();
    await decline(world, 'the billing job still uses it');
    const { note, declines } = await one(world);
    expect(declines).toMatchObject([{ step: 'revoke', by: personCalled('bob') }]);
    const again = new Date(Date.parse(declines[0]?.at ?? '') + 7 * dayMs).toISOString().slice(0, 10);
    expect(note).toContain(`asked again on ${again}`);
  });

  it('may still be ended at once by break-glass', async () => {
    const world = await waiting();
    await decline(world);
    const { rotationId } = await one(world);
    const word = { rotationId, by: personCalled('cay'), reason: 'it leaked' };
    await expect(approveRotation(world.tools, { ...word, breakGlass: false })).rejects.toMatchObject({
      code: 'APPROVAL_REFUSED',
    });
    await approveRotation(world.tools, { ...word, breakGlass: true });
    expect(await one(world)).toMatchObject({ state: 'done', oldValue: 'dead' });
  });
});

describe('declining what waits for nothing', () => {
  it('is refused, and writes nothing', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await requestRotation(world.tools, ask);
    const before = (await journalOfSecret(world)).length;
    await expect(decline(world)).rejects.toMatchObject({ code: 'DECLINE_REFUSED' });
    expect(await journalOfSecret(world)).toHaveLength(before);
  });
});
