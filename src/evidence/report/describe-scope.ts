import type { AuditedPeriod } from '../../audit/model/audited-period.ts';
import type { ReportMaterial } from './report-material.ts';
import type { LinkedText, ReportModel } from './report-model.ts';
import { counted, minuteText, secondText } from './wording.ts';

/** What the report is of, a line each, in the order in which an auditor asks for it. */
export function identityLines(
  material: ReportMaterial,
  { periodText, status }: Pick<ReportModel, 'periodText' | 'status'>,
): ReportModel['identity'] {
  const { organisation, synthetic, system, audited, fingerprint, previous, software, catalogue, now } = material;
  const policy = audited.policies.at(-1);
  const line = (name: string, value: string, exact = false) => ({ name, value, exact });
  return [
    line('Organisation', organisation),
    line('System', [`Key Vault ${audited.vaults.join(', ')}`, ...(system === undefined ? [] : [system])].join('; ')),
    line('Period', periodText),
    line('State', `${status}${synthetic ? ', synthetic' : ''}, made ${minuteText(now)}`),
    line('Control mapping', catalogue.version),
    line('Software', [`Keyturn ${software.version}`, ...Object.values(software.facts ?? {})].join('; ')),
    line('Sealed by', fingerprint, true),
    previous === null ? line('Previous pack', 'none of an earlier period') : line('Previous pack', previous.pack, true),
    policy === undefined || policy.text === ''
      ? line('Policy digest', policy === undefined ? 'no policy is on record' : noneInForce)
      : line('Policy digest', `sha256:${policy.sha256}`, true),
    ...(catalogue.ownControlsSha256 === null
      ? []
      : [line('Own controls', `sha256:${catalogue.ownControlsSha256}`, true)]),
  ];
}

/** The settings named no policy then: Keyturn only observed. */
const noneInForce = 'no policy in force at the end of the period';

/** What was in scope: the parts of one sentence. */
export function scopeParts({ audited, tally }: Pick<ReportMaterial, 'audited' | 'tally'>): readonly LinkedText[] {
  const { vaults, inventory, jobs, period } = audited;
  const own = inventory.filter((one) => one.own === true).length;
  const identities = audited.policyAt(new Date(period.to.getTime() - 1).toISOString()).identities.size;
  return [
    { text: counted(vaults.length, 'vault'), href: '#provenance' },
    {
      text: `${counted(inventory.length, 'secret')}${own > 0 ? ` (${String(own)} of Keyturn itself)` : ''}`,
      href: '#secrets',
    },
    { text: `${counted(tally.repositories, 'repository', 'repositories')} whose jobs read a value`, href: '#readers' },
    { text: `${counted(identities, 'identity', 'identities')} in the policy`, href: '#file-policies-ndjson' },
    { text: counted(jobs, 'Gitea job'), href: '#file-jobs-ndjson' },
    { text: policyText(audited), href: '#file-policies-ndjson' },
  ];
}

function policyText({ policies, policyChanges }: Pick<AuditedPeriod, 'policies' | 'policyChanges'>): string {
  const policy = policies.at(-1);
  if (policy === undefined) return 'no policy on record';
  const changed =
    policyChanges.length === 0 ? 'unchanged' : `changed ${counted(policyChanges.length, 'time')} in the period`;
  if (policy.text === '') return `${noneInForce}, ${changed}`;
  return `policy sha256:${policy.sha256.slice(0, 8)} of ${secondText(policy.loadedAt).slice(0, 10)}, ${changed}`;
}
