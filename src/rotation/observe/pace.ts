import { z } from 'zod';
import { parseRecord } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { writeRecord } from '../../records/write-record.ts';
import type { Policy } from '../../secrets/policy.ts';
import type { Target } from './target.ts';

const hourMs = 3_600_000;
const path = 'rotation/pace.json';

/** When rotations were begun in the last hour, in every environment: a record, because instances share no memory. */
const shape = z.object({ begun: z.array(z.object({ at: z.string(), environment: z.string().nullable() })) });
type Begun = z.infer<typeof shape>['begun'][number];

/** Until when the policy's limit of rotations an hour holds the next one back; `null` when it does not. */
export async function hourlyLimitUntil({ tools, terms }: Target, now: Date): Promise<Date | null> {
  const { mostPerHour, mostPerHourIn } = tools.policy.limits;
  const { environment } = terms.bindings[0];
  if (mostPerHour === null && !mostPerHourIn.has(environment ?? '')) return null;
  return heldUntil(tools.policy, (await read(tools.records, now)).begun, environment);
}

function heldUntil(
  { limits: { mostPerHour, mostPerHourIn } }: Policy,
  begun: readonly Begun[],
  environment: string | null,
): Date | null {
  const inEnvironment = environment === null ? undefined : mostPerHourIn.get(environment);
  const own = begun.filter((one) => one.environment === environment);
  const times = [limitUntil(begun, mostPerHour), limitUntil(own, inEnvironment ?? null)].filter((one) => one !== null);
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}

/**
 * Counts one more beginning, where the policy has a limit at all. `isHeld`: the limit holds this one, so that of many workers that
 * looked at once none takes the place of another. Returns `false`, and counts nothing, if there is no room.
 */
export async function countBegun(
  records: RecordStore,
  policy: Policy,
  begun: Begun,
  { now, isHeld }: { readonly now: Date; readonly isHeld: boolean },
): Promise<boolean> {
  const { mostPerHour, mostPerHourIn } = policy.limits;
  if (mostPerHour === null && mostPerHourIn.size === 0) return true;
  for (let tries = 0; tries < 20; tries += 1) {
    const { begun: before, revision } = await read(records, now);
    if (isHeld && heldUntil(policy, before, begun.environment) !== null) return false;
    if ((await writeRecord(records, path, { format: 1, begun: [...before, begun] }, revision)) !== null) return true;
  }
  return !isHeld;
}

/** @throws ServiceError `RECORD_UNREADABLE`. */
async function read(
  records: RecordStore,
  now: Date,
): Promise<{ readonly begun: readonly Begun[]; readonly revision: Revision | null }> {
  const stored = await records.read(path);
  const begun = stored === null ? [] : parseRecord(shape, stored.bytes, path).begun;
  const recent = begun.filter(({ at }) => Math.abs(now.getTime() - Date.parse(at)) < hourMs);
  return { begun: recent, revision: stored?.revision ?? null };
}

function limitUntil(begun: readonly Begun[], limit: number | null): Date | null {
  if (limit === null || begun.length < limit) return null;
  const oldest = begun[begun.length - limit];
  return oldest === undefined ? null : new Date(Date.parse(oldest.at) + hourMs);
}
