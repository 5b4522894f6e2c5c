import { auditPeriod } from '../audit/audit-period.ts';
import type { AuditedPeriod, ReportingPeriod } from '../audit/model/audited-period.ts';
import { type Observation, unobserved } from '../audit/model/observation.ts';
import type { PackSummary } from '../evidence/pack/pack-archive.ts';
import { describeEarlierPacks } from '../evidence/describe-earlier-packs.ts';
import { producePack } from '../evidence/produce-pack.ts';
import type { Framework } from '../evidence/report/report-model.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import { readSessionLines } from '../broker/history/broker-history.ts';
import { readGrantLines } from '../grants/history/grant-history.ts';
import { readRetentionLines } from '../retention/history/read-retention-lines.ts';
import { retentionOfPeriod } from '../retention/history/retention-of-period.ts';
import { readJournalLines } from '../rotation/history/read-journal-lines.ts';
import { readRotationHistories } from '../rotation/history/read-rotation-histories.ts';
import { rosterOf, systemOf } from './reports/describe-system.ts';
import { openControls } from './reports/open-controls.ts';
import { loadedPolicies } from './policy/open-policy.ts';
import type { Composition } from './composition.ts';
import { version } from './version.ts';

/**
 * Who acts and who attests should be two; where they are one, the report says so.
 * Source: docs/decisions.md, "Who acts does not attest".
 */
const rolesInWords = {
  all: 'one process rotates, collects and seals: who acts also attests',
  report: 'this process reports and rotates nothing; which rights its identity holds is not looked at',
  rotate: 'this process rotates',
  broker: 'this process gives values to jobs',
} as const;

type Collected = Pick<Composition, 'records' | 'policy' | 'settings' | 'now'>;

/** Audits one period from what was collected, and shows its events to an observation if one is given. */
export async function auditCollected<Observed>(
  collected: Collected,
  period: ReportingPeriod,
  observation?: Observation<Observed>,
): Promise<AuditedPeriod> {
  const toAudit = await periodToAudit(collected, period);
  return observation === undefined ? await auditPeriod(toAudit, unobserved) : await auditPeriod(toAudit, observation);
}

async function periodToAudit({ records, policy, settings, now }: Collected, period: ReportingPeriod) {
  const rotations: RotationHistory[] = [];
  for await (const rotation of readRotationHistories(records, period)) rotations.push(rotation);
  const vaults = settings.vaults.map(({ name }) => name);
  const policies = await loadedPolicies(records, settings);
  return { records, policy: policy(), policies, vaults, inventory: null, rotations, period, now: now() };
}

async function* journalsSince(records: Collected['records'], from: Date) {
  yield* readJournalLines(records, from);
  yield* readSessionLines(records, from);
  yield* readGrantLines(records, from);
  yield* readRetentionLines(records, from);
}

/** Audits one period and seals its pack into the archive, and into a folder if one is given. */
export async function reportPeriod(
  { records, policy, settings, signer, now }: Pick<Composition, 'records' | 'policy' | 'settings' | 'signer' | 'now'>,
  order: {
    readonly period: ReportingPeriod;
    readonly frameworks: readonly Framework[];
    readonly out?: string;
    /** The file of controls; that of the settings if none is given. */
    readonly controls?: string | null;
  },
): Promise<PackSummary> {
  const { period, frameworks, out } = order;
  const controls = await openControls(order.controls ?? settings.controlsFile);
  const system = systemOf(settings);
  const toAudit = await periodToAudit({ records, policy, settings, now }, period);
  return await producePack({
    ...(await describeEarlierPacks(records, { period, frameworks })),
    period,
    audit: async (observation) => await auditPeriod(toAudit, observation),
    rotations: toAudit.rotations,
    journals: () => journalsSince(records, period.from),
    retention: await retentionOfPeriod(records, period),
    signer: await signer(),
    records,
    now: now(),
    organisation: settings.organisation ?? 'not named',
    ...(system === undefined ? {} : { system }),
    roster: rosterOf(settings),
    controls,
    synthetic: settings.embedded,
    frameworks,
    software: { version, facts: { roles: rolesInWords[settings.role] } },
    ...(out === undefined ? {} : { out }),
  });
}
