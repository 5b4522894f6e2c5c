import { describe, expect, it } from 'vitest';
import { rotationFailed } from '../../../src/audit/findings/state/rotation-failed.ts';
import type { EndOfPeriod, FindingContext } from '../../../src/audit/findings/finding-rule.ts';
import { approveRotation } from '../../../src/rotation/approve-rotation.ts';
import type { RotationHistory } from '../../../src/rotation/history/rotation-history.ts';
import { readRotationHistories } from '../../../src/rotation/history/read-rotation-histories.ts';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { personCalled } from '../../provenance/people.ts';
import { bindingOf, dayMs, hourMs, type RotationWorld, rotationWorld } from '../../rotation/world/rotation-world.ts';

const ask = { secret: 'kv/app', reason: 'because', by: personCalled('ann'), emergency: false };

async function histories(world: RotationWorld): Promise<readonly RotationHistory[]> {
  const all: RotationHistory[] = [];
  for await (const one of readRotationHistories(world.tools.records)) all.push(one);
  return all;
}

describe('a rotation that nobody approved in time', () => {
  it('stays an exception with the same id when it is finished, and tells when and by what it ended', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
    const period = { from: new Date(world.tools.now().getTime() - dayMs), to: new Date('2030-01-01T00:00:00Z') };
    const failed = async () => {
      const context: Pick<FindingContext, 'rotations' | 'period'> = { rotations: await histories(world), period };
      return rotationFailed(context as FindingContext).findings({} as EndOfPeriod);
    };
    await requestRotation(world.tools, ask);
    world.advance(7 * dayMs + hourMs);
    await reconcileRotations(world.tools);
    const before = await failed();
    expect(before).toMatchObject([{ subject: 'kv/app', severity: 'high', ended: null }]);

    await requestRotation(world.tools, ask);
    const waiting = (await listRotations(world.tools)).find(({ state }) => state === 'awaiting-approval');
    await approveRotation(world.tools, {
      rotationId: waiting?.rotationId ?? '',
      by: personCalled('bob'),
      breakGlass: false,
      reason: 'seen',
    });
    const after = await failed();
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(after[0]?.ended?.by).toMatch(/^rotation [a-z2-7]{16}\.1: claimed$/);
  });
});
