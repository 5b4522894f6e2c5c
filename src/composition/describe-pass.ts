import type { Reconciled } from '../rotation/reconcile-rotations.ts';

type Figure = readonly [count: number, one: string, many: string];

/** What a pass over all secrets saw and did, in one line of labelled figures. */
export function describeRotationPass(counts: Reconciled['counts']): string {
  const { secrets, bound, tracked, managed, unbound, withoutExpiry, due, claimed, published, ended, waiting, busy } =
    counts;
  const saw = sentence([
    [secrets, 'secret seen', 'secrets seen'],
    [bound, 'bound by the policy', 'bound by the policy'],
    [tracked, 'tracked for people to replace', 'tracked for people to replace'],
    [managed, 'renewed by the vault with its certificate', 'renewed by the vault with their certificates'],
    [unbound, 'not bound', 'not bound'],
    [withoutExpiry, 'without an expiry', 'without an expiry'],
  ]);
  const did = sentence([
    [due, 'due', 'due'],
    [claimed, 'rotation started', 'rotations started'],
    [published, 'rotation with its new value published', 'rotations with their new values published'],
    [waiting, 'rotation waiting for its next step', 'rotations waiting for their next steps'],
    [busy, 'rotation in the hands of another worker', 'rotations in the hands of another worker'],
    [counts.needsAttention, 'rotation that needs a person', 'rotations that need a person'],
    [ended, 'credential ended', 'credentials ended'],
    [counts.awaitingGo, 'first rotation waiting for a go', 'first rotations waiting for a go'],
    [counts.disabled, 'version disabled', 'versions disabled'],
    [counts.tagsMalformed, 'malformed tag', 'malformed tags'],
    [
      counts.tagsWidened,
      'tag ignored because it would widen the policy',
      'tags ignored because they would widen the policy',
    ],
    [counts.faults, 'fault', 'faults'],
  ]);
  if (saw === '' && did === '') return 'The vaults hold no secrets.';
  return [saw, did === '' ? 'Nothing to do.' : did].filter((part) => part !== '').join(' ');
}

/** What the collection of jobs found. */
export function describeJobs(counts: {
  readonly jobs: number;
  readonly logs: number;
  readonly receipts: number;
  readonly logsNotRead: number;
  readonly refusals: number;
  readonly unfinished: number;
}): string {
  const { jobs, logs, receipts, logsNotRead, refusals, unfinished } = counts;
  return (
    sentence([
      [jobs, 'new or changed job', 'new or changed jobs'],
      [logs, 'job log read', 'job logs read'],
      [receipts, 'receipt found', 'receipts found'],
      [logsNotRead, 'job log could not be read and is tried again', 'job logs could not be read and are tried again'],
      [refusals, 'repository or job was refused by Gitea', 'repositories or jobs were refused by Gitea'],
      [unfinished, 'job not finished', 'jobs not finished'],
    ]) || 'No new jobs.'
  );
}

/** What the collection of log rows found. */
export function describeRetrievals(counts: {
  readonly rows: number;
  readonly slices: number;
  readonly intervalsNotRead: number;
  readonly canaryReads: number;
  readonly secretsInventoried: number;
  readonly posturesKept: number;
}): string {
  const { rows, slices, intervalsNotRead, canaryReads, secretsInventoried, posturesKept } = counts;
  return (
    sentence([
      [rows, 'new log row', 'new log rows'],
      [slices, 'slice kept', 'slices kept'],
      [
        intervalsNotRead,
        'interval could not be read and is tried again',
        'intervals could not be read and are tried again',
      ],
      [canaryReads, 'canary read', 'canary reads'],
      [secretsInventoried, 'secret listed in the inventory', 'secrets listed in the inventory'],
      [posturesKept, 'look at grants and setup kept', 'looks at grants and setup kept'],
    ]) || 'No new log rows.'
  );
}

/** What the reports of periods came to. */
export function describeReports({
  produced,
  amended,
  headsSealed,
  deleted,
}: {
  readonly produced: number;
  readonly amended: number;
  readonly headsSealed: number;
  readonly deleted: number;
}): string {
  return (
    sentence([
      [produced, 'report sealed', 'reports sealed'],
      [
        amended,
        'report amended, because rows arrived after its seal',
        'reports amended, because rows arrived after their seal',
      ],
      [headsSealed, 'rotation journal sealed for the day', 'rotation journals sealed for the day'],
      [deleted, 'old record deleted', 'old records deleted'],
    ]) || 'No report is due.'
  );
}

function sentence(figures: readonly Figure[]): string {
  const said = figures
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => `${String(count)} ${count === 1 ? one : many}`);
  return said.length === 0 ? '' : `${said.join(', ')}.`;
}
