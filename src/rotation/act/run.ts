import { ServiceError } from '../../service-error.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { arriveWithinMs, sendWithinMs } from '../decide/clocks.ts';
import type { Act, ActOf } from '../decide/decision.ts';
import { afterThrottling, nextTry } from '../decide/retry-budget.ts';
import type { JournalAct, JournalEntry, JournalFacts, VaultOperation } from '../journal/journal-entry.ts';
import { keepHead } from '../journal/kept-head.ts';
import { appendEntry } from '../journal/target-journal.ts';
import { failureKey } from '../journal/target-state.ts';
import type { IssuedCredential, IssueRequest, SessionsLeft, Verification } from '../ports/credential-issuer.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { Sight } from '../observe/observe.ts';
import { firstMember, stateOf, type Target, type Worker } from '../observe/target.ts';
import { operationOn, requireStore } from '../observe/vault-access.ts';
import { placeIn } from '../rotation-unit.ts';
import type { SendDeadline } from '../ports/send-deadline.ts';

/** What the steps of one act have found so far. Plain values. */
interface Found {
  /** Number of the intent that is open. */
  readonly of?: number;
  /** Not sent after this, by our clock. */
  readonly sendBefore?: Date;
  readonly request?: IssueRequest;
  readonly pending?: IssuedCredential;
  readonly issued?: IssuedCredential;
  readonly value?: SecretValue;
  readonly shown?: Verification;
  readonly version?: SecretVersion;
  readonly latest?: SecretVersion | null;
  readonly sessions?: SessionsLeft;
}

/** One act under way. */
export interface Run<Kind extends Act = Act> {
  readonly target: Target;
  readonly worker: Worker;
  readonly sight: Sight;
  readonly act: Kind;
  found: Found;
  /** Set by a step after which the others are left out. */
  over: boolean;
}

/** One step of an act: at most one call that changes something, journal entries included. A worker may die between any two. */
export type Step<Kind extends Act = Act> = (run: Run<Kind>) => Promise<void>;

/** The vault's time of its newest answer. */
export function vaultTime({ target, sight }: Pick<Run, 'target' | 'sight'>): Date {
  const { vault } = placeIn(firstMember(target));
  return requireStore(target.tools, vault).serverTime() ?? sight.observation.now;
}

/** Appends one entry, with the operations noted since the one before. */
export async function record(
  { target, worker, ...run }: Pick<Run, 'target' | 'worker' | 'sight'>,
  kind: JournalEntry['kind'],
  act: JournalAct,
  facts: JournalFacts,
  planned: readonly VaultOperation[] = [],
): Promise<void> {
  const { journal, writer } = worker;
  if (journal === null) throw new Error('A worker looks before it acts.');
  const at = vaultTime({ target, ...run }).toISOString();
  const operations = kind === 'intent' ? planned : worker.operations;
  worker.journal = await appendEntry(target.tools.records, journal, { writer, at, kind, act, facts, operations });
  if (kind !== 'intent') worker.operations = [];
}

/** What an operation on a vault is: which, on `vault/name`, and on which version if that is known. */
type Operated = readonly [VaultOperation['operation'], member: string, version: string | null];

/** Notes an operation on a vault for the next entry. */
export function operated({ target, worker }: Run, ...operation: Operated): void {
  worker.operations.push(operationOn(target.tools, ...operation));
}

/** What every entry of an act names. */
function namedBy(act: Act): JournalFacts {
  const { credential, member, version, place } = act as Partial<
    ActOf<'publish'> & ActOf<'replicate'> & ActOf<'disable'>
  >;
  return { credential, member, version, place };
}

/**
 * Records what is about to be sent, until when it may be, and until when it may arrive. Where it cannot be undone, the journal's
 * head is kept outside first: a journal that has lost this entry is noticed.
 */
export async function intend(run: Run, planned: Operated | null = null, facts: JournalFacts = {}): Promise<void> {
  const { target, worker, act } = run;
  const at = vaultTime(run).getTime();
  const sendBefore = new Date(target.tools.now().getTime() + sendWithinMs);
  const times = {
    sendBefore: new Date(at + sendWithinMs).toISOString(),
    notAfter: new Date(at + sendWithinMs + arriveWithinMs).toISOString(),
  };
  const operations = planned === null ? [] : [operationOn(target.tools, ...planned)];
  await record(run, 'intent', act.act as JournalAct, { ...namedBy(act), ...facts, ...times }, operations);
  if (act.act !== 'stage' && act.act !== 'disable')
    worker.keptHead = await keepHead(target.tools.records, stateOf(run), worker.keptHead);
  run.found = { ...run.found, of: stateOf(run).number, sendBefore };
}

/** Records what came of the open intent. */
export async function conclude(run: Run, facts: JournalFacts = {}): Promise<void> {
  const { act, found } = run;
  await record(run, 'outcome', act.act as JournalAct, { ...namedBy(act), ...facts, of: found.of });
}

/**
 * Until when the request of the open intent may be sent, by our clock, which is asked again right before sending.
 * @throws ServiceError `LEASE_ENDED` when it may no longer be sent: the worker slept, and another may have gone on.
 */
export function requireTime({ target, found: { sendBefore } }: Run): SendDeadline | null {
  if (sendBefore === undefined) return null;
  const deadline = { hasPassed: () => target.tools.now() >= sendBefore };
  if (deadline.hasPassed()) throw new ServiceError('LEASE_ENDED', { target: target.key });
  return deadline;
}

/** A request, or a version to be added, with that deadline. @throws ServiceError `LEASE_ENDED`. */
export function withDeadline<Sent extends object>(run: Run, sent: Sent): Sent & { readonly deadline?: SendDeadline } {
  const deadline = requireTime(run);
  return deadline === null ? sent : { ...sent, deadline };
}

/**
 * Writes a failed step into the journal, by code alone: when it is tried again, whether its request may still arrive, and whether
 * its tries are spent. Returns how long a throttled vault or provider asks to be left alone, by our clock.
 * @throws what means that the journal itself cannot be trusted to be ours: a conflict, or a store that does not answer.
 */
export async function fail(run: Run, error: unknown): Promise<Date | null> {
  if (!ServiceError.is(error)) throw error;
  if (error.code === 'JOURNAL_CONFLICT' || error.code === 'JOURNAL_ENTRY_REFUSED') throw error;
  if (error.layer === 'record' || error.layer === 'record-store') throw error;
  const { act, found, target } = run;
  const credential = 'credential' in act ? act.credential : undefined;
  const about = act.act === 'note' || act.act === 'identify' ? 'identify' : act.act;
  const pending = stateOf(run).pending;
  const isOpen = found.of !== undefined && pending?.number === found.of;
  const throttled = throttledUntil(error, target);
  // A request that was throttled before anything was intended was not made: it costs nothing, and leaves no trace.
  if (!isOpen && throttled !== null) return throttled;
  const facts = {
    ...failureFacts(run, error, about, credential, throttled),
    text: diagnosisOf(error),
    credential,
    member: act.act === 'publish' || act.act === 'replicate' ? act.member : undefined,
  };
  if (isOpen) {
    const notAfter = error.effect === 'unknown' ? pending.facts.notAfter : undefined;
    await record(run, 'outcome', act.act as JournalAct, { ...facts, of: found.of, notAfter });
  } else await record(run, 'note', 'wait', { ...facts, about });
  return throttled;
}

/** The details of an error are safe to print; only short ones are kept, for people to read. */
function diagnosisOf({ details }: ServiceError): string | undefined {
  const said = Object.entries(details).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [`${name} ${String(value)}`.slice(0, 200)] : [],
  );
  return said.length === 0 ? undefined : said.join('; ');
}

function throttledUntil(error: ServiceError, { tools }: Target): Date | null {
  if (!ServiceError.is(error, 'VAULT_THROTTLED') && !ServiceError.is(error, 'PROVIDER_THROTTLED')) return null;
  return afterThrottling(error.details.retryAfterSeconds, tools.now(), tools.random());
}

function failureFacts(
  run: Run,
  error: ServiceError,
  about: JournalAct,
  credential: string | undefined,
  throttled: Date | null,
): Pick<JournalFacts, 'failure' | 'tries' | 'cycle' | 'retryAt' | 'spent'> {
  const now = vaultTime(run);
  const { random } = run.target.tools;
  const before = stateOf(run).failures.get(failureKey(about, credential)) ?? { tries: 0, cycle: 0 };
  const { tries, cycle } = before;
  const failure: string = error.code;
  if (throttled !== null) {
    const waitMs = Math.max(0, throttled.getTime() - run.target.tools.now().getTime());
    return { failure, tries, cycle, retryAt: new Date(now.getTime() + waitMs).toISOString() };
  }
  if (error.code === 'LEASE_ENDED' || error.code === 'NEWEST_VERSION_CHANGED')
    return { failure, tries, cycle, retryAt: now.toISOString() };
  const next = mayHelp(error) ? nextTry(before, now, random()) : null;
  if (next !== null) return { failure, ...next, retryAt: next.retryAt.toISOString() };
  // What must end, or be tidied, is tried for ever, once a day.
  const retryAt = new Date(now.getTime() + 86_400_000).toISOString();
  return { failure, tries, cycle, retryAt, spent: true };
}

/** An answer that was lost must not be repeated underneath; up here the next try looks first. */
function mayHelp({ retry, effect, code }: ServiceError): boolean {
  return retry !== 'never' || effect === 'unknown' || code === 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY';
}
