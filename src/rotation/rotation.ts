import { ServiceError } from '../service-error.ts';
import type { Approval, JournalEntry, RotationAct, RotationClaim, RotationFacts } from './journal-entry.ts';
import { type UnansweredAct, unansweredBehind } from './late-request.ts';
import { digestOf } from './rotation-journal.ts';
import type { RotationState, RotationStep } from './history/rotation-steps.ts';

/** Where a rotation stands: its journal, read from the first entry to the last. */
export interface Rotation {
  readonly rotationId: string;
  readonly attempt: number;
  readonly claim: RotationClaim;
  readonly step: RotationStep;
  readonly state: RotationState;
  /** An act that was meant and whose outcome is not recorded: what it left must be read back. */
  readonly pending: JournalEntry | null;
  /** Acts at the provider whose answer nobody saw, oldest first. */
  readonly unanswered: readonly UnansweredAct[];
  readonly credentialId: string | null;
  readonly stagingVersion: string | null;
  /** Published versions by member, `vault/name`. */
  readonly published: ReadonlyMap<string, string>;
  readonly claimedAt: Date;
  readonly issuedAt: Date | null;
  readonly verifiedAt: Date | null;
  readonly publishedAt: Date | null;
  readonly graceUntil: Date | null;
  readonly revokedAt: Date | null;
  readonly doneAt: Date | null;
  readonly tries: number;
  readonly cycle: number;
  readonly retryAt: Date | null;
  readonly failure: string | null;
  readonly reasons: readonly string[];
  readonly approvals: readonly Approval[];
  /** Versions that carry our tags and are somebody else's, `left vault/name@version`: looked at once. */
  readonly leftAlone: readonly string[];
  readonly oldValue: 'dead' | 'disabled-only' | 'cannot-be-shown' | null;
  readonly withdrawn: boolean;
  readonly lastAt: Date;
  readonly fence: number;
  /** Digest of the newest entry. */
  readonly head: string;
}

/** States that no pass goes on from. `superseded` and `rolled-back` end only when what we issued is withdrawn. */
export function hasEnded({ state, withdrawn }: Rotation): boolean {
  return state === 'done' || state === 'stale' || ((state === 'superseded' || state === 'rolled-back') && withdrawn);
}

/**
 * Reads the chain as one rotation.
 * @throws ServiceError `ROTATION_UNKNOWN` when there are no entries; `RECORD_UNREADABLE` when it does not begin with a claim.
 */
export function rotationOf(rotationId: string, entries: readonly JournalEntry[]): Rotation {
  const [first] = entries;
  if (first === undefined) throw new ServiceError('ROTATION_UNKNOWN', { rotationId });
  const { claim } = first.facts;
  if (claim === undefined) {
    throw new ServiceError('RECORD_UNREADABLE', {
      path: `journal/${rotationId}/`,
      reason: 'It does not begin with a claim.',
    });
  }
  const last = entries.at(-1) ?? first;
  const known = rotations.get(last);
  if (known !== undefined) return known;
  let rotation = begun(first, claim);
  for (const entry of entries) rotation = withEntry(rotation, entry);
  rotations.set(last, rotation);
  return rotation;
}

/** By the newest entry: each one's digest covers all before it, so it stands for the whole chain. */
const rotations = new WeakMap<JournalEntry, Rotation>();

function begun(first: JournalEntry, claim: RotationClaim): Rotation {
  const { rotationId, attempt, step, state, fence } = first;
  const at = new Date(first.at);
  return {
    ...unissued,
    rotationId,
    attempt,
    claim,
    step,
    state,
    fence,
    claimedAt: at,
    lastAt: at,
    head: digestOf(first),
    ...fresh,
  };
}

/** What a new attempt forgets of the one before. */
const unissued = { pending: null, credentialId: null, stagingVersion: null, issuedAt: null, verifiedAt: null } as const;

const fresh = {
  unanswered: [],
  published: new Map<string, string>(),
  publishedAt: null,
  graceUntil: null,
  revokedAt: null,
  doneAt: null,
  tries: 0,
  cycle: 0,
  retryAt: null,
  failure: null,
  reasons: [],
  approvals: [],
  leftAlone: [],
  oldValue: null,
  withdrawn: false,
} as const;

/** One entry further. An intent changes nothing but what is pending. */
export function withEntry(before: Rotation, entry: JournalEntry): Rotation {
  const at = new Date(entry.at);
  const unanswered = unansweredBehind(before, entry, at);
  const written = { ...before, unanswered, lastAt: at, fence: entry.fence, head: digestOf(entry) };
  if (entry.kind === 'intent') return { ...written, pending: entry };
  const attempt = entry.attempt === before.attempt ? written : { ...written, ...unissued };
  return {
    ...attempt,
    ...(besides.has(entry.act) ? lastingFactsOf(attempt, entry.facts) : factsOf(attempt, entry)),
    ...timesOf(before, entry, at),
    attempt: entry.attempt,
    step: entry.step,
    state: entry.state,
    pending: settles(before.pending, entry) ? null : attempt.pending,
  };
}

/** What is not about the act itself leaves an unanswered act as open as it was. */
const asideActs: ReadonlySet<RotationAct> = new Set(['wait', 'approve', 'ask', 'sweep', 'resume', 'postpone']);

function settles(pending: JournalEntry | null, entry: JournalEntry): boolean {
  return pending !== null && !asideActs.has(entry.act);
}

/** Steps that show that things work. Issuing is none: each attempt issues again, and the budget must end even so. */
const progress: ReadonlySet<RotationStep> = new Set(['verified', 'published', 'grace', 'revoked', 'done']);

function factsOf(before: Rotation, { facts, step }: JournalEntry): Partial<Rotation> {
  const progressed = progress.has(step) && step !== before.step;
  return {
    ...lastingFactsOf(before, facts),
    credentialId: facts.credentialId ?? before.credentialId,
    stagingVersion: facts.stagingVersion ?? before.stagingVersion,
    graceUntil: facts.graceUntil === undefined ? before.graceUntil : new Date(facts.graceUntil),
    tries: facts.tries ?? (progressed ? 0 : before.tries),
    cycle: facts.cycle ?? (progressed ? 0 : before.cycle),
    retryAt: facts.retryAt === undefined ? null : new Date(facts.retryAt),
    failure: facts.failure ?? null,
    reasons: facts.reasons ?? [],
    oldValue: facts.oldValue ?? before.oldValue,
    withdrawn: facts.withdrawn ?? before.withdrawn,
  };
}

/** What is told beside the steps: it must not end a wait, or answer a question. */
const besides: ReadonlySet<RotationAct> = new Set(['sweep', 'approve']);

function lastingFactsOf(before: Rotation, facts: RotationFacts): Partial<Rotation> {
  const isPublication = facts.member !== undefined && facts.publishedVersion !== undefined;
  return {
    published: isPublication
      ? new Map([...before.published, [facts.member ?? '', facts.publishedVersion ?? '']])
      : before.published,
    approvals: facts.approval === undefined ? before.approvals : [...before.approvals, facts.approval],
    leftAlone: [...before.leftAlone, ...(facts.reasons ?? []).filter((reason) => reason.startsWith('left '))],
  };
}

function timesOf(before: Rotation, entry: JournalEntry, at: Date): Partial<Rotation> {
  const reached = entry.step !== before.step ? entry.step : null;
  return {
    issuedAt: entry.attempt !== before.attempt ? null : reached === 'issued' ? at : before.issuedAt,
    verifiedAt: entry.attempt !== before.attempt ? null : reached === 'verified' ? at : before.verifiedAt,
    publishedAt: reached === 'published' ? at : before.publishedAt,
    revokedAt: reached === 'revoked' ? at : before.revokedAt,
    doneAt: reached === 'done' ? at : before.doneAt,
  };
}
