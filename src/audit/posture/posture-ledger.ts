import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { hourMs } from '../../secrets/duration.ts';
import { createJson, readStoredJson } from '../collection/stored-json.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { monthOf, monthsOf } from '../model/calendar.ts';
import type { Posture, Seen } from '../model/posture.ts';
import type { PostureSource } from './posture-source.ts';

/** Two looks a day: a grant that both of them miss is in the activity log of one of them. */
const betweenLooksMs = 11 * hourMs;

const texts = z.array(z.string()).readonly();

function seen<Value extends z.ZodType>(value: Value) {
  return z.union([
    z.object({ outcome: z.literal('seen'), value }),
    z.object({
      outcome: z.literal('not-seen'),
      because: z.enum(['access-denied', 'unreachable', 'not-configured', 'not-there', 'unreadable']),
    }),
  ]);
}

const permissions = z.object({ actions: texts, notActions: texts, dataActions: texts, notDataActions: texts });

const assignments = z.array(
  z.object({
    id: z.string(),
    scope: z.string(),
    role: z.string(),
    principalId: z.string(),
    principalType: z.string(),
    condition: z.string().nullable(),
    createdAt: recordedTime.nullable(),
    endsAt: recordedTime.nullable(),
  }),
);

const subscription = z.object({
  subscription: z.string(),
  roles: seen(z.array(z.object({ name: z.string(), roleName: z.string(), permissions: z.array(permissions) }))),
  assignments: seen(assignments),
  eligible: seen(assignments),
  denials: seen(
    z.array(
      z.object({
        id: z.string(),
        scope: z.string(),
        permissions: z.array(permissions),
        principals: texts,
        excludePrincipals: texts,
        doNotApplyToChildScopes: z.boolean(),
        condition: z.string().nullable(),
      }),
    ),
  ),
  vaults: seen(texts),
  changes: seen(
    z.array(
      z.object({ at: recordedTime, operation: z.string(), resourceId: z.string(), caller: z.string().nullable() }),
    ),
  ),
});

const vault = z.object({
  vault: z.string(),
  resourceId: z.string().nullable(),
  staging: z.boolean(),
  setup: seen(
    z.object({
      usesRoles: z.boolean(),
      accessPolicies: z.array(z.object({ objectId: z.string(), applicationId: z.string().nullable(), secrets: texts })),
      softDelete: z.boolean(),
      softDeleteDays: z.number().nullable(),
      purgeProtection: z.boolean(),
      publicAccess: z.boolean(),
      firewall: z.object({
        defaultAction: z.enum(['allow', 'deny']),
        azureServices: z.boolean(),
        addresses: texts,
        networks: z.number(),
      }),
    }),
  ),
  diagnosticSettings: seen(
    z.array(
      z.object({
        name: z.string(),
        workspaceId: z.string().nullable(),
        storageAccountId: z.string().nullable(),
        audits: z.boolean(),
      }),
    ),
  ),
  requests: seen(z.array(z.object({ hour: z.string(), count: z.number() }))),
});

const postureShape: z.ZodType<Posture> = z.object({
  format: z.literal(1),
  at: recordedTime,
  vaults: z.array(vault),
  subscriptions: z.array(subscription),
  groups: z.record(z.string(), seen(texts)),
  workspaceTables: seen(
    z.array(
      z.object({
        table: z.string(),
        plan: z.string(),
        retentionDays: z.number(),
        totalRetentionDays: z.number(),
      }),
    ),
  ),
  answers: z.array(z.object({ question: z.string(), sha256: z.string() })),
});

/**
 * Looks and keeps what it saw, unless the last look is less than eleven hours old. A look that could not reach a part is
 * repeated in the next hour. Returns whether it looked.
 */
export async function keepPosture(records: RecordStore, source: PostureSource, now: Date): Promise<boolean> {
  const newest = await postureAt(records, now);
  if (newest !== null) {
    const age = now.getTime() - Date.parse(newest.at);
    if (age < (missedAny(newest) ? hourMs / 2 : betweenLooksMs)) return false;
  }
  const posture = await source.look(now);
  const path = `posture/${monthOf(now)}/${now.toISOString().slice(0, 16).replace(':', '')}.json`;
  return await createJson(records, path, { format: 1, ...posture });
}

/** The newest look at or before a moment; `null` if nobody looked in its month or the one before. */
export async function postureAt(records: RecordStore, at: Date): Promise<Posture | null> {
  let newest: Posture | null = null;
  for (const path of await pathsOf(records, { from: at, to: at }, 1)) {
    if (Date.parse(timeOf(path)) <= at.getTime()) newest = await read(records, path);
  }
  return newest;
}

/** Yields the looks within a period, ascending, and first the last one before it, if there is one. */
export async function* posturesOf(records: RecordStore, period: ReportingPeriod): AsyncGenerator<Posture> {
  const paths = await pathsOf(records, period, 1);
  const first = paths.findIndex((path) => Date.parse(timeOf(path)) >= period.from.getTime());
  for (const path of paths.slice(first === -1 ? -1 : Math.max(0, first - 1))) {
    if (Date.parse(timeOf(path)) >= period.to.getTime()) return;
    const posture = await read(records, path);
    if (posture !== null) yield posture;
  }
}

async function pathsOf(records: RecordStore, period: ReportingPeriod, before: number): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const month of monthsOf(period, before)) {
    for await (const path of records.list(`posture/${month}/`)) paths.push(path);
  }
  return paths.sort();
}

/** `posture/2026-03/2026-03-09T1400.json`: the minute of the look. */
function timeOf(path: string): string {
  const [, day = '', hour = '', minute = ''] = /(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)\.json$/.exec(path) ?? [];
  return `${day}T${hour}:${minute}:00Z`;
}

async function read(records: RecordStore, path: string): Promise<Posture | null> {
  return (await readStoredJson(records, path, postureShape))?.value ?? null;
}

/** Whether a part could not be reached, so that another look may see it. */
function missedAny({ vaults, subscriptions, groups, workspaceTables }: Posture): boolean {
  const parts: readonly Seen<unknown>[] = [
    ...vaults.flatMap((one) => [one.setup, one.diagnosticSettings, one.requests]),
    ...subscriptions.flatMap((one) => [one.roles, one.assignments, one.eligible, one.denials, one.vaults, one.changes]),
    ...Object.values(groups),
    workspaceTables,
  ];
  return parts.some((part) => part.outcome === 'not-seen' && part.because === 'unreachable');
}
