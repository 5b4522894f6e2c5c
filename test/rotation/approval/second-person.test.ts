import { describe, expect, it } from 'vitest';
import type { Person } from '../../../src/provenance/person.ts';
import { approveRotation } from '../../../src/rotation/approve-rotation.ts';
import { readRotationHistories } from '../../../src/rotation/history/read-rotation-histories.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { personCalled } from '../../provenance/people.ts';
import { one } from '../world/faulty-world.ts';
import { bindingOf, rotationWorld } from '../world/rotation-world.ts';

const ann = personCalled('ann');
const doors: Record<string, Person> = {
  'the command line': { kind: 'unnamed', door: 'command-line', name: 'root' },
  'a sign-in link': { kind: 'unnamed', door: 'sign-in-link', name: 'operator' },
  'this machine': { kind: 'unnamed', door: 'loopback', name: 'operator' },
  'single sign-on': ann,
  'a machine account': { ...ann, kind: 'machine' } as Person,
};
const pairs = Object.keys(doors).flatMap((asker) => Object.keys(doors).map((approver) => [asker, approver] as const));

async function askAndApprove(asker: Person, approver: Person, breakGlass: boolean): Promise<string> {
  const here = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
  await requestRotation(here.tools, { secret: 'kv/app', reason: 'leaked', by: asker, emergency: true });
  const { rotationId } = await one(here);
  try {
    await approveRotation(here.tools, { rotationId, by: approver, breakGlass, reason: 'seen' });
  } catch (error) {
    return (error as { code: string }).code;
  }
  for await (const { askedBy, approvals } of readRotationHistories(here.tools.records)) {
    expect([askedBy, approvals]).toMatchObject([asker, [{ by: approver, breakGlass }]]);
  }
  return 'approved';
}

describe('the second person', () => {
  it.each(pairs)('is never one and the same who asks by %s and approves by %s', async (asker, approver) => {
    const [one = ann, other = ann] = [doors[asker], doors[approver]];
    expect(await askAndApprove(one, other, false)).toBe('APPROVAL_REFUSED');
    // The exception is open to a person alone, of whom nothing is proven; a program is not one.
    const wanted = other.kind === 'machine' ? 'APPROVAL_REFUSED' : 'approved';
    expect(await askAndApprove(one, other, true)).toBe(wanted);
  });

  it('is nobody who asked again, nor who asked for the attempt before', async () => {
    const [bob, cay] = [personCalled('bob'), personCalled('cay')];
    const here = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
    const request = { secret: 'kv/app', reason: 'leaked', emergency: false };
    await requestRotation(here.tools, { ...request, by: ann });
    await requestRotation(here.tools, { ...request, by: bob, reason: 'still leaked' });
    await reconcileRotations(here.tools);
    const { rotationId } = await one(here);
    for (const by of [ann, bob]) {
      const approval = { rotationId, by, breakGlass: false, reason: 'seen' };
      await expect(approveRotation(here.tools, approval)).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    }
    await approveRotation(here.tools, { rotationId, by: cay, breakGlass: false, reason: 'seen' });
    for await (const history of readRotationHistories(here.tools.records)) {
      expect(history.asks.map(({ what, by, reason }) => [what, by.name, reason])).toEqual([
        ['request', 'ann', 'leaked'],
        ['request-again', 'bob', 'still leaked'],
      ]);
    }
  });

  it('is another subject, even with the same display name', async () => {
    const namesake: Person = { ...personCalled('bob'), name: 'ann' };
    expect(await askAndApprove(ann, namesake, false)).toBe('approved');
  });

  it('is not the same subject under another display name', async () => {
    expect(await askAndApprove(ann, { ...ann, name: 'renamed' }, false)).toBe('APPROVAL_REFUSED');
  });
});
