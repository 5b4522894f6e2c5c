import type { RecordStore } from '../../records/record-store.ts';
import type { BrokerEntry, BrokerFacts, RefusalCode, SessionJob } from '../journal/broker-entry.ts';
import { servedSecrets } from '../journal/served-secrets.ts';
import { brokerFolder, readSession, sessionEntryText } from '../journal/session-journal.ts';

/** The job of a session, by Gitea's own word when the session was opened. */
export interface BrokeredJob extends SessionJob {
  readonly instance: string;
  readonly taskId: number;
}

interface BrokerRequest {
  /** Where it is on record: `broker/SESSION#NUMBER`. */
  readonly reference: string;
  /** ISO 8601, UTC, by the broker's clock. */
  readonly at: string;
  readonly job: BrokeredJob;
  readonly vault: string;
  readonly secret: string;
  /** `null`: the newest was asked for, and none was served. */
  readonly version: string | null;
}

/** One read that the broker allowed. */
export interface BrokerRead extends BrokerRequest {
  /** In the stamp of the read, which the vault's log shows. */
  readonly nonce: string;
  /** The namespace that allowed it. */
  readonly namespace: string;
  /** The request for access that a person approved; `null` if the policy asked nobody. */
  readonly grant: string | null;
  /**
   * `value`: the job was given it. `use`: the broker put it into a request. `search`: the broker looked for it in an answer, and it
   * went nowhere.
   */
  readonly purpose: 'value' | 'use' | 'search';
  /** The vault's id of the request; `null` if its answer was lost. */
  readonly requestId: string | null;
  /** `unanswered`: the journal does not say how it ended. */
  readonly outcome: 'served' | 'failed' | 'unanswered';
}

/** One request that the broker made in the place of a job, or did not make. Its query and its contents are on no record. */
export interface BrokerUse {
  readonly reference: string;
  readonly at: string;
  readonly job: BrokeredJob;
  readonly method: string;
  readonly host: string;
  /** The pattern of the policy that its path matched; `null` if it was refused. */
  readonly path: string | null;
  /** What was put into it, or would have been, `vault/name`. */
  readonly secrets: readonly string[];
  /** `broken`: the job had no whole answer. `unanswered`: the journal does not say how it ended. */
  readonly outcome: 'made' | 'broken' | 'refused' | 'unanswered';
  readonly because: readonly RefusalCode[];
  /** Of the upstream's answer. */
  readonly status: number | null;
  readonly code: string | null;
  /** Of the bodies; `null` while the journal does not say. */
  readonly bytesOut: number | null;
  readonly bytesIn: number | null;
}

/** One request that the broker refused. */
interface BrokerRefusal extends BrokerRequest {
  readonly because: readonly RefusalCode[];
}

/** A job for which a second key was shown. */
interface SecondKey {
  readonly reference: string;
  readonly at: string;
  readonly job: BrokeredJob;
  /** What the session may have been given, `vault/name`. */
  readonly served: readonly string[];
}

/** What the broker did in a period. Each list is in order of time, then of the reference. */
export interface BrokerHistory {
  readonly reads: readonly BrokerRead[];
  readonly refusals: readonly BrokerRefusal[];
  readonly secondKeys: readonly SecondKey[];
  readonly uses: readonly BrokerUse[];
}

/** No job runs longer: Gitea ends a task after three hours by default, and days are the most that anybody sets. */
const longestSessionMs = 7 * 86_400_000;

/**
 * Reads what the broker did from `from` (included) to `to` (excluded). Task ids grow, so sessions are read from the newest
 * back to the first one that is too old. @throws ServiceError `RECORD_UNREADABLE` for a journal that does not check.
 */
export async function readBrokerHistory(
  records: RecordStore,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<BrokerHistory> {
  const found = {
    reads: [] as BrokerRead[],
    refusals: [] as BrokerRefusal[],
    secondKeys: [] as SecondKey[],
    uses: [] as BrokerUse[],
  };
  for (const sessions of await sessionsByInstance(records)) {
    for (const session of sessions.toReversed()) {
      const { entries } = await readSession(records, session);
      const opened = Date.parse(entries[0]?.at ?? '');
      if (opened < from.getTime() - longestSessionMs) break;
      addSession(session, entries, found);
    }
  }
  return brokeredWithin(
    {
      reads: found.reads.toSorted(byTime),
      refusals: found.refusals.toSorted(byTime),
      secondKeys: found.secondKeys.toSorted(byTime),
      uses: found.uses.toSorted(byTime),
    },
    { from, to },
  );
}

/** What of a history happened from `from` (included) to `to` (excluded). */
export function brokeredWithin(
  { reads, refusals, secondKeys, uses }: BrokerHistory,
  { from, to }: { readonly from: Date; readonly to: Date },
): BrokerHistory {
  const isWithin = ({ at }: { readonly at: string }) =>
    Date.parse(at) >= from.getTime() && Date.parse(at) < to.getTime();
  return {
    reads: reads.filter(isWithin),
    refusals: refusals.filter(isWithin),
    secondKeys: secondKeys.filter(isWithin),
    uses: uses.filter(isWithin),
  };
}

/** The journal of one session as a pack states it. */
interface SessionLines {
  /** Its folder among the records, `broker/<session>`. */
  readonly journal: string;
  readonly entries: number;
  /** Digest of the newest entry, whose text is the only one of `lines`: requests are in a pack as rows of their own. */
  readonly head: string;
  readonly lines: readonly string[];
}

/**
 * The journal of every session that may have been open since `from`, each with its newest entry.
 * @throws ServiceError `RECORD_UNREADABLE` for a journal that does not check.
 */
export async function* readSessionLines(records: RecordStore, from: Date): AsyncIterable<SessionLines> {
  for (const sessions of await sessionsByInstance(records)) {
    for (const session of sessions.toReversed()) {
      const { entries, head } = await readSession(records, session);
      if (Date.parse(entries[0]?.at ?? '') < from.getTime() - longestSessionMs) break;
      const newest = entries.at(-1);
      if (newest === undefined || head === null) continue;
      const journal = `${brokerFolder}${session}`;
      yield { journal, entries: entries.length, head, lines: [sessionEntryText(newest)] };
    }
  }
}

/** The sessions of each Gitea, in the order of their tasks. */
async function sessionsByInstance(records: RecordStore): Promise<Iterable<readonly string[]>> {
  const byInstance = new Map<string, string[]>();
  let last = '';
  for await (const path of records.list(brokerFolder)) {
    const session = path.slice(brokerFolder.length).split('/')[0] ?? '';
    if (session === last) continue;
    last = session;
    const instance = session.split('-')[0] ?? '';
    byInstance.set(instance, [...(byInstance.get(instance) ?? []), session]);
  }
  return byInstance.values();
}

interface Found {
  readonly reads: BrokerRead[];
  readonly refusals: BrokerRefusal[];
  readonly secondKeys: SecondKey[];
  readonly uses: BrokerUse[];
}

type Entry<Act extends BrokerFacts['act']> = Extract<BrokerFacts, { readonly act: Act }>;

/** What every line of one entry has. */
interface Line {
  readonly reference: string;
  readonly at: string;
  readonly job: BrokeredJob;
}

function addSession(session: string, entries: readonly BrokerEntry[], found: Found): void {
  const opened = entries[0]?.facts;
  if (opened?.act !== 'opened') return;
  const job = { ...opened.job, taskId: opened.taskId, instance: session.split('-')[0] ?? '' };
  const outcomes = new Map(entries.flatMap(({ facts }) => ('of' in facts ? [[facts.of, facts] as const] : [])));
  for (const { number, at, facts } of entries) {
    const line = { reference: `${brokerFolder}${session}#${String(number)}`, at, job };
    switch (facts.act) {
      case 'asked':
        found.reads.push(readOf(line, facts, outcomes.get(number)));
        break;
      case 'refused': {
        const { vault, secret, version, because } = facts;
        found.refusals.push({ ...line, vault, secret, version, because });
        break;
      }
      case 'second-key':
        found.secondKeys.push({ ...line, served: servedSecrets(entries) });
        break;
      case 'use-asked':
        found.reads.push(...readsOfUse(line, facts, outcomes.get(number)));
        found.uses.push(useOf(line, facts, outcomes.get(number)));
        break;
      case 'use-refused': {
        const { method, host, secrets, because } = facts;
        found.uses.push({ ...line, method, host, path: null, secrets, outcome: 'refused', because, ...unsent });
        break;
      }
      case 'opened':
      case 'placeholders':
      case 'job-ended':
      case 'served':
      case 'failed':
      case 'used':
        break;
      default:
        facts satisfies never;
    }
  }
}

function readOf(line: Line, facts: Entry<'asked'>, outcome: BrokerFacts | undefined): BrokerRead {
  const { vault, secret, nonce, namespace, grant } = facts;
  const answer = outcome?.act === 'served' || outcome?.act === 'failed' ? outcome : undefined;
  return {
    ...line,
    vault,
    secret,
    version: answer?.act === 'served' ? answer.version : facts.version,
    nonce,
    namespace,
    grant,
    purpose: 'value',
    requestId: answer?.requestId ?? null,
    outcome: answer?.act ?? 'unanswered',
  };
}

/** The reads of a use: of several, each after the first has a number of its own. */
function readsOfUse(
  line: Line,
  { reads }: Entry<'use-asked'>,
  outcome: BrokerFacts | undefined,
): readonly BrokerRead[] {
  const answers = outcome?.act === 'used' ? outcome.reads : [];
  return reads.map(({ vault, secret, nonce, namespace, grant, put }, index) => {
    const { version = null, requestId = null } = answers[index] ?? {};
    return {
      ...line,
      reference: `${line.reference}${index === 0 ? '' : `.${String(index + 1)}`}`,
      vault,
      secret,
      version,
      nonce,
      namespace,
      grant,
      purpose: put ? 'use' : 'search',
      requestId,
      outcome: outcomeOf(requestId, version),
    };
  });
}

function outcomeOf(requestId: string | null, version: string | null): BrokerRead['outcome'] {
  if (requestId === null) return 'unanswered';
  return version === null ? 'failed' : 'served';
}

const unsent = { status: null, code: null, bytesOut: null, bytesIn: null } as const;

function useOf(line: Line, facts: Entry<'use-asked'>, outcome: BrokerFacts | undefined): BrokerUse {
  const { method, host, path, reads } = facts;
  const secrets = reads.flatMap(({ vault, secret, put }) => (put ? [`${vault}/${secret}`] : []));
  const common = { ...line, method, host, path, secrets, because: [] };
  if (outcome?.act !== 'used') return { ...common, outcome: 'unanswered', ...unsent };
  const { status, code, bytesOut, bytesIn } = outcome;
  return { ...common, outcome: code === null ? 'made' : 'broken', status, code, bytesOut, bytesIn };
}

function byTime(a: { readonly at: string; readonly reference: string }, b: typeof a): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.reference < b.reference ? -1 : 1;
}
