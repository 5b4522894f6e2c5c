import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { auditPeriod } from '../audit/audit-period.ts';
import { countUnreadable, describeUnreadable } from '../audit/files/count-unreadable.ts';
import { fileEvidence } from '../audit/shares/file-ledger.ts';
import type { AuditedPeriod, NotRead, ReportingPeriod } from '../audit/model/audited-period.ts';
import type { LoadedPolicy } from '../audit/period/policies-in-force.ts';
import { collectFiles } from '../composition/collect-files.ts';
import { openControls } from '../composition/reports/open-controls.ts';
import { openPolicyFile } from '../composition/policy/open-policy.ts';
import { version } from '../composition/version.ts';
import type { PackSummary } from '../evidence/pack/pack-archive.ts';
import { producePack } from '../evidence/produce-pack.ts';
import type { Framework } from '../evidence/report/report-model.ts';
import { fileRetrievalLog } from '../files/file-retrieval-log.ts';
import { localSigner } from '../files/local-signer.ts';
import { scratchRecordStore } from '../files/scratch-record-store.ts';
import type { Policy } from '../secrets/policy.ts';
import type { Runtime } from './command.ts';

/** Paths as they were typed; `null` for what is not given. */
export interface FilesToReport {
  readonly retrievals: string;
  readonly jobs: string | null;
  readonly receipts: string | null;
  readonly policy?: string | null;
}

export interface FileReportOrder {
  readonly period: ReportingPeriod;
  readonly frameworks: readonly Framework[];
  readonly out: string;
  /** The file of controls; `null` for that of `KEYTURN_CONTROLS`, or none. */
  readonly controls: string | null;
}

export type FileReportRuntime = Pick<Runtime, 'directory' | 'environment' | 'now' | 'say'>;

/**
 * Reports audit records from files, without any network and without settings: the same audit and the same pack as of
 * collected records, in a temporary record store. The report and standard error say what
 * files cannot show. Sealed with `KEYTURN_SIGNING_KEY` where that is a file, else with a key made in `.keyturn/`.
 * @throws ServiceError `FILE_MISSING`, `RECORD_UNREADABLE`, `POLICY_MALFORMED`, `CONTROLS_MALFORMED`, `PACK_NOT_WRITTEN`, `SIGNING_KEY_UNUSABLE`.
 */
export async function produceFileReport(
  files: FilesToReport,
  { period, frameworks, out, controls }: FileReportOrder,
  { directory, environment, now, say }: FileReportRuntime,
): Promise<PackSummary> {
  const at = (path: string | null | undefined) => (path == null ? null : resolve(directory, path));
  const own = await openControls(controls ?? at(environment['KEYTURN_CONTROLS']));
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-report-'));
  const records = scratchRecordStore(join(folder, 'records'));
  try {
    const collectRows = async () => {
      const log = await fileRetrievalLog(resolve(directory, files.retrievals), folder);
      const vaults = log.vaults(period);
      const { policy, text } = await openPolicyFile(at(files.policy), vaults);
      await collectFiles(log, { records, period, now: now() });
      return { total: log.total, vaults, policy, policies: givenPolicies(policy, text, period) };
    };
    const evidence = { jobs: at(files.jobs), receipts: at(files.receipts) };
    const filing = fileEvidence(evidence, await mkdtemp(join(folder, 'evidence-')));
    const [{ total, vaults, policy, policies }, ledger] = await bothOf(collectRows(), filing);
    const { jobCount: jobs, receiptCount: receipts } = ledger;
    const counts = { jobs, receipts, identities: policy.identities.size, policies: policies.length };
    const lacks = lacksOf(period, counts);
    const toAudit = { records, ledger, policy, policies, vaults, inventory: [], rotations: [], period, now: now() };
    return await producePack({
      period,
      async audit(observation) {
        const collected = await auditPeriod(toAudit, observation);
        const audited = { ...collected, notRead: [...lacks, ...collected.notRead] };
        sayWhatIsMissing(audited, total, say);
        return audited;
      },
      rotations: [],
      signer: await localSigner(signingKeyFile(environment, directory)),
      records: null,
      now: now(),
      organisation: environment['KEYTURN_ORGANISATION'] ?? 'not named',
      synthetic: environment['KEYTURN_EMBEDDED'] === 'on',
      controls: own,
      frameworks,
      software: { version },
      out,
    });
  } finally {
    records.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The policy that was given judges the whole period: nothing tells when it was loaded. */
function givenPolicies(policy: Policy, text: string, { from }: ReportingPeriod): readonly LoadedPolicy[] {
  if (text === '') return [];
  return [{ loadedAt: from.toISOString(), sha256: hash('sha256', text), text, policy }];
}

/** Both results, when both have ended: neither goes on in a folder that is removed. If both failed, the first fault counts. */
async function bothOf<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<readonly [One, Other]> {
  const [first, second] = await Promise.allSettled([one, other]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

function sayWhatIsMissing(audited: AuditedPeriod, total: number, say: Runtime['say']): void {
  const { rowsRead, notRead, unreadableRows } = audited;
  say(`${String(total)} rows in the files, ${String(rowsRead)} of them of the period or without a time.`);
  for (const { what, why } of notRead) say(`${what}: ${why}`);
  const unreadable = countUnreadable();
  for (const { place, reason } of unreadableRows) unreadable.add(place, reason);
  for (const one of unreadable.all()) say(`Not readable as an audit row, ${describeUnreadable(one)}.`);
}

function signingKeyFile(environment: Runtime['environment'], directory: string): string {
  const named = environment['KEYTURN_SIGNING_KEY'] ?? '';
  const isFile = named !== '' && !/^[a-z]+:\/\//i.test(named);
  return resolve(directory, isFile ? named : join('.keyturn', 'sealing-key.pem'));
}

interface HeldByFiles {
  readonly jobs: number;
  readonly receipts: number;
  readonly identities: number;
  readonly policies: number;
}

/** What the report needs and these files do not hold. What can still be given keeps the report provisional. */
function lacksOf(
  { from, to }: ReportingPeriod,
  { jobs, receipts, identities, policies }: HeldByFiles,
): readonly NotRead[] {
  const lack = (what: string, state: NotRead['state'], why: string): NotRead => ({
    what,
    from: from.toISOString(),
    to: to.toISOString(),
    why,
    state,
  });
  return [
    ...(jobs > 0 ? [] : [lack('Gitea jobs', 'not-read-yet', 'No jobs were given: no read can be tied to a job.')]),
    ...(receipts > 0
      ? []
      : [lack('Receipts', 'not-read-yet', 'No receipts were given: no read can be better than inferred or claimed.')]),
    ...(identities > 0
      ? []
      : [
          lack(
            'Identities',
            'not-read-yet',
            'No policy names the identities of runners: no read can be better than claimed.',
          ),
        ]),
    ...(policies === 0
      ? []
      : [
          lack(
            'Policies in force',
            'irrecoverable',
            'The policy was given as a file: it judges the whole period, and nothing shows that it was in force then.',
          ),
        ]),
    lack(
      'Canary reads',
      'irrecoverable',
      'Files hold no reads of our own, so it cannot be shown that the log is whole: no hour counts as covered.',
    ),
    lack(
      'Rotation journal and inventory',
      'irrecoverable',
      'Files hold no journal and no list of secrets: rotations, and secrets that nobody read, are not in this report.',
    ),
  ];
}
