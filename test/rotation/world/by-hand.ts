import { bindTarget } from '../../../src/rotation/bind-target.ts';
import type { Driven } from '../../../src/rotation/drive-target.ts';
import { driveNow } from '../../../src/rotation/find-target.ts';
import type { JournalEntry } from '../../../src/rotation/journal/journal-entry.ts';
import { readJournal } from '../../../src/rotation/journal/target-journal.ts';
import type { Rotation } from '../../../src/rotation/journal/target-state.ts';
import { unitOf } from '../../../src/rotation/rotation-unit.ts';
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

/** Drives the target of one secret once, as an event, or a pass, does. Returns its newest rotation too. */
export async function drive(
  tools: RotationWorld['tools'],
  { name = 'app', deadlineMs = 60_000, vault = 'kv' } = {},
): Promise<Driven & { readonly rotation: Rotation | undefined }> {
  const unit = unitOf(tools.policy, { vault, name });
  if (unit === null) throw new Error('unbound');
  const driven = await driveNow(bindTarget(tools, unit, 'event'), deadlineMs);
  return { ...driven, rotation: driven.state.rotations.at(-1) };
}

/** A backup came back: the journal of one secret's target has its first entries alone. */
export async function cutJournal({ tools, records }: RotationWorld, kept: number, name = 'app'): Promise<void> {
  const unit = unitOf(tools.policy, { vault: 'kv', name });
  if (unit === null) throw new Error('unbound');
  const paths: string[] = [];
  for await (const path of records.list(`journal/${bindTarget(tools, unit).key}/`)) paths.push(path);
  for (const path of paths.slice(kept)) {
    const record = await records.read(path);
    await records.remove(path, record?.revision ?? '');
  }
}

/** The entries of the journal of one secret's target. */
export async function journalOfSecret({ tools }: RotationWorld, name = 'app'): Promise<readonly JournalEntry[]> {
  const unit = unitOf(tools.policy, { vault: 'kv', name });
  if (unit === null) throw new Error('unbound');
  return (await readJournal(tools.records, bindTarget(tools, unit).key)).entries;
}
