import { composeKeyturn } from '../compose.ts';
import { describeEvent } from '../composition/describe-rotation.ts';
import { deletedReadsSentence } from '../audit/model/deleted-reads.ts';
import { findSecretsRead, type SecretsRead, type VersionRead } from '../audit/find-secrets-read.ts';
import {
  answerIncident,
  type ExposedSecret,
  type IncidentAnswer,
  type IncidentStep,
  planIncident,
} from '../rotation/answer-incident.ts';
import { parseDuration } from '../secrets/duration.ts';
import { ServiceError } from '../service-error.ts';
import type { ExitCode, Runtime } from './command.ts';
import { requireRotator } from './require-rotator.ts';
import { whoAsks } from './who-asks.ts';

interface Incident {
  readonly reader: string;
  /** As it was written: a date, a time, or how long ago. */
  readonly since: string | undefined;
  readonly emergency: boolean;
  readonly plan: boolean;
  readonly reason: string | undefined;
  readonly json: boolean;
}

/** `rotate --read-by`: replaces every secret that a job or an identity read, worst first, and names what no issuer can replace. */
export async function replaceWhatWasRead(incident: Incident, runtime: Runtime): Promise<ExitCode> {
  const { print, say, progress, environment } = runtime;
  const { reader, plan: isPlan, emergency, json } = incident;
  if (!isPlan && !emergency)
    throw wrong('--read-by replaces values without grace: write --emergency, or --plan to look first');
  const composition = await composeKeyturn(environment, { watch: (event) => progress(describeEvent(event)) });
  const { rotation, settings, records, policy, now, keepPolicy } = composition;
  if (!isPlan) {
    requireRotator('rotate', settings);
    await keepPolicy();
  }
  const since = parseSince(incident.since, now());
  const found = await findSecretsRead({ records, policy: policy(), now }, reader, since);
  // The canary opens nothing.
  const read = { ...found, reads: found.reads.filter(({ secret }) => secret !== settings.canarySecret) };
  if (read.watermark === null) {
    say('No rows of the audit log were collected, so nothing is known of reads. Run the collector first.');
    return 3;
  }
  const steps = await planIncident(rotation, exposedIn(read.reads));
  const reason = incident.reason ?? `read by ${reader} since ${since.toISOString()}`;
  const answers = isPlan ? [] : await answerIncident(rotation, steps, { by: whoAsks(), reason });
  if (json) {
    const asked = answers.map(({ unit, rotationId, fault }) => ({ unit, rotationId, fault: fault?.code ?? null }));
    print(
      JSON.stringify({
        since: since.toISOString(),
        readTo: read.watermark.toISOString(),
        untied: read.untied,
        deleted: read.deleted,
        steps,
        asked,
      }),
    );
  } else for (const line of linesOf(read, read.watermark, { reader, since, steps, isPlan })) print(line);
  for (const { unit, fault } of answers) if (fault !== null) say(`${unit}: ${fault.says} (${fault.code})`);
  return exitCodeOf(answers);
}

function wrong(reason: string): ServiceError {
  return new ServiceError('USAGE_WRONG', { command: 'rotate', reason });
}

/** `2026-03-09`, `2026-03-09T14:00:00Z`, or how long ago: `36h`. @throws ServiceError `USAGE_WRONG`. */
function parseSince(text: string | undefined, now: Date): Date {
  if (text === undefined) throw wrong('--read-by needs --since TIME');
  const agoMs = parseDuration(text);
  if (agoMs !== null) return new Date(now.getTime() - agoMs);
  const isDated = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at = isDated ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime()))
    throw wrong('--since must be a date, a time with its zone, or a duration such as 36h');
  return at;
}

/** The versions of one secret together. */
function exposedIn(reads: readonly VersionRead[]): readonly ExposedSecret[] {
  const found = new Map<string, ExposedSecret>();
  for (const { vault, secret, version, count, lastAt } of reads) {
    const key = `${vault}/${secret}`;
    const known = found.get(key) ?? { vault, secret, versions: [], count: 0, lastAt };
    found.set(key, {
      ...known,
      versions: [...known.versions, version],
      count: known.count + count,
      lastAt: known.lastAt > lastAt ? known.lastAt : lastAt,
    });
  }
  return [...found.values()];
}

const headings = {
  replace: { plan: 'Would be replaced at once, without grace', done: 'Replaced at once, without grace' },
  'by-people': { plan: 'No issuer can replace', done: 'No issuer can replace' },
  'end-older': {
    plan: 'An older value was read, and may still work',
    done: 'An older value was read, and may still work',
  },
  over: { plan: 'What was read is over', done: 'What was read is over' },
} as const satisfies Record<IncidentStep['does'], { plan: string; done: string }>;

function* linesOf(
  { reads, untied, deleted }: SecretsRead,
  readTo: Date,
  { reader, since, steps, isPlan }: { reader: string; since: Date; steps: readonly IncidentStep[]; isPlan: boolean },
): Generator<string> {
  const total = reads.reduce((sum, { count }) => sum + count, 0);
  yield `${reader} read ${counted(steps.length, 'secret')} in ${counted(total, 'read')} since ${minute(since)}; the log is known up to ${minute(readTo)}.`;
  for (const one of deleted) yield deletedReadsSentence(one, (at) => minute(new Date(at)));
  for (const does of ['replace', 'by-people', 'end-older', 'over'] as const) {
    const own = steps.filter((step) => step.does === does);
    if (own.length === 0) continue;
    yield `${headings[does][isPlan ? 'plan' : 'done']} (${String(own.length)}):`;
    for (const step of own) yield `  ${describeStep(step)}`;
  }
  if (untied > 0)
    yield `${counted(untied, 'read')} by the same identities could not be tied to a job: name the identity to include what they read.`;
}

function describeStep({ unit, secrets, environment, owner, does, issuer, fault, count, lastAt }: IncidentStep): string {
  const members = unit.startsWith('group:') ? ` with ${secrets.join(', ')}` : '';
  const place = environment === null ? '' : ` (${environment})`;
  const read = `${counted(count, 'read')}, the last at ${lastAt.slice(0, 16)}Z`;
  const who = owner === null ? '' : ` Owner: ${owner}.`;
  if (does === 'replace') return `${unit}${members}${place}: ${read}; issuer ${issuer ?? ''}.`;
  if (does === 'over') return `${unit}${members}${place}: ${read}.`;
  if (does === 'end-older')
    return `${unit}${members}${place}: ${read}. Approve its revocation as break-glass on /rotations, or end it at its provider.${who}`;
  const why = fault === null ? '' : ` (${fault})`;
  return `${unit}${members}${place}: ${read}${why}. Make a new value at its provider and set it in the vault.${who}`;
}

function counted(count: number, word: string): string {
  return `${String(count)} ${word}${count === 1 ? '' : 's'}`;
}

function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16)}Z`;
}

/** What failed to be looked at or sent is 3, what was refused is 1. */
function exitCodeOf(answers: readonly IncidentAnswer[]): ExitCode {
  const faults = answers.flatMap(({ fault }) => fault ?? []);
  if (faults.length === 0) return 0;
  return faults.every(({ code }) => code === 'ROTATION_REQUEST_REFUSED') ? 1 : 3;
}
