import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { readRotationHistories } from '../../../src/rotation/history/read-rotation-histories.ts';
import { rollBackRotation } from '../../../src/rotation/roll-back-rotation.ts';
import type { RotationHistory } from '../../../src/rotation/history/rotation-history.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { one } from './faulty-world.ts';
import { type RotationWorld } from './rotation-world.ts';
import { personCalled } from '../../provenance/people.ts';

export const by = personCalled('ann');
export const reason = 'consumers fail';
export const far = new Date('2027-01-01T00:00:00Z');

/** Rolls back the newest rotation and gives its id. */
export async function rollBackNewest(world: RotationWorld): Promise<string> {
  const { rotationId } = await one(world);
  await rollBackRotation(world.tools, { rotationId, by, reason });
  return rotationId;
}

/** Somebody sets a value that knows nothing of our tags. */
export function setByHand(world: RotationWorld, name: string, value: string): void {
  world.vault.put({ name, value: new SecretValue(value), expires: far });
}

/** What evidence would tell. */
export async function histories(
  world: RotationWorld,
  period?: { from: Date; to: Date },
): Promise<readonly RotationHistory[]> {
  const all: RotationHistory[] = [];
  for await (const history of readRotationHistories(world.records, period)) all.push(history);
  return all;
}

/** Somebody sets again what a version of the secret held. `index`: as of `Array.at`, oldest first. */
export function setAgain({ vault }: RotationWorld, name: string, index: number, expires: Date): void {
  const value = vault.held(name).at(index)?.value;
  if (value === undefined) throw new Error('no such version');
  vault.put({ name, value, expires });
}

/** Where each rotation stands, newest first. */
export async function statesOf({ tools }: RotationWorld): Promise<readonly string[]> {
  return (await listRotations(tools)).map(({ state }) => state);
}
