import { listPacks } from '../evidence/pack/pack-archive.ts';
import type { RetentionTools } from '../retention/apply-retention.ts';
import type { RetentionUnit } from '../retention/retention-unit.ts';
import { finishedTargets, forgetTarget } from '../rotation/journal/finished-targets.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Policy } from '../secrets/policy.ts';
import type { Composition } from './composition.ts';

const journals = 'journal/';

/** What the deletion of old records works with. */
export async function retentionTools({
  records,
  settings,
  policy,
  now,
}: Pick<Composition, 'records' | 'settings' | 'policy' | 'now'>): Promise<RetentionTools> {
  const packs = (await listPacks(records)).filter(({ status }) => status === 'final');
  return {
    records,
    now,
    rules: settings.retention,
    sealed: packs.map(({ period }) => ({ from: new Date(period.from), to: new Date(period.to) })),
    finishedJournals: (before) => finishedJournals(records, policy(), before),
    forget: async (unit) => {
      if (unit.startsWith(journals)) await forgetTarget(records, unit.slice(journals.length, -1));
    },
  };
}

/** Newest entry first: what is left at any moment is a chain. */
async function* finishedJournals(
  records: RecordStore,
  { secrets, tracked }: Policy,
  before: Date,
): AsyncGenerator<RetentionUnit> {
  const isBound = (secret: string) => secrets.has(secret) || tracked.has(secret);
  for await (const { target, firstAt, lastAt } of finishedTargets(records, isBound)) {
    const to = new Date(lastAt.getTime() + 1);
    if (to > before) continue;
    const name = `${journals}${target}/`;
    const paths: string[] = [];
    for await (const path of records.list(name)) paths.push(path);
    yield { kind: 'journals', name, from: firstAt, to, paths: paths.reverse() };
  }
}
