import type { RecordStore } from '../../records/record-store.ts';
import type { Policy } from '../../secrets/policy.ts';
import { readDocument, writeDocument } from '../rotation-document.ts';
import type { Target } from './target.ts';

const hourMs = 3_600_000;
const path = 'rotation/pace.json';

/** When rotations were begun in the last hour, in every environment: a record, because instances share no memory. */
interface Begun {
  readonly at: string;
  readonly environment: string | null;
}

/** Until when the policy's limit of rotations an hour holds the next one back; `null` when it does not. */
export async function hourlyLimitUntil({ tools, terms }: Target, now: Date): Promise<Date | null> {
  const { mostPerHour, mostPerHourIn } = tools.policy.limits;
  const { environment } = terms.bindings[0];
  const inEnvironment = environment === null ? undefined : mostPerHourIn.get(environment);
  if (mostPerHour === null && inEnvironment === undefined) return null;
  const begun = recent((await readDocument(tools.records, path, parse))?.value ?? [], now);
  const times = [
    limitUntil(begun, mostPerHour),
    limitUntil(
      begun.filter((one) => one.environment === environment),
      inEnvironment ?? null,
    ),
  ].filter((one) => one !== null);
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}

/** Counts one more beginning, where the policy has a limit at all. */
export async function countBegun(records: RecordStore, policy: Policy, begun: Begun, now: Date): Promise<void> {
  const { mostPerHour, mostPerHourIn } = policy.limits;
  if (mostPerHour === null && mostPerHourIn.size === 0) return;
  for (let tries = 0; tries < 20; tries += 1) {
    const found = await readDocument(records, path, parse);
    const after = [...recent(found?.value ?? [], now), begun];
    const value = { format: 1, begun: after.map((one) => ({ ...one })) };
    if ((await writeDocument(records, path, value, found?.revision ?? null)) !== null) return;
  }
}

function recent(begun: readonly Begun[], now: Date): readonly Begun[] {
  return begun.filter(({ at }) => Math.abs(now.getTime() - Date.parse(at)) < hourMs);
}

function limitUntil(begun: readonly Begun[], limit: number | null): Date | null {
  if (limit === null || begun.length < limit) return null;
  const oldest = begun[begun.length - limit];
  return oldest === undefined ? null : new Date(Date.parse(oldest.at) + hourMs);
}

function parse(value: unknown): readonly Begun[] | null {
  if (typeof value !== 'object' || value === null || !('begun' in value) || !Array.isArray(value.begun)) return null;
  const begun: readonly unknown[] = value.begun;
  return begun.every(isBegun) ? begun : null;
}

function isBegun(value: unknown): value is Begun {
  if (typeof value !== 'object' || value === null || !('at' in value) || !('environment' in value)) return false;
  return typeof value.at === 'string' && (value.environment === null || typeof value.environment === 'string');
}
