import { ServiceError } from '../service-error.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { CredentialIssuer, IssueRequest } from './ports/credential-issuer.ts';
import type { JournalEntry, RotationAct, RotationFacts, VaultOperation } from './journal-entry.ts';
import type { Lease } from './lease.ts';
import { type Rotation, rotationOf, withEntry } from './rotation.ts';
import { attemptIdOf } from './rotation-id.ts';
import { appendEntry, readJournal } from './rotation-journal.ts';
import type { RotationState, RotationStep } from './history/rotation-steps.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationUnit, bindingKey, issuerOf, targetKeyOf, unitOf } from './rotation-unit.ts';
import { type OperationNotes, operation, readValue } from './vault-access.ts';

/** How an outcome changes where the rotation stands; what is left out stays. A new step is also the new state. */
export interface Change {
  readonly step?: RotationStep;
  readonly state?: RotationState;
  readonly attempt?: number;
  readonly facts?: RotationFacts;
}

/** One worker's hold on one rotation, under a lease: the journal as it knows it, and the one value in memory. */
export interface RotationWork extends OperationNotes {
  readonly unit: RotationUnit;
  readonly issuer: CredentialIssuer;
  /** As of the newest entry that this worker wrote or read. */
  readonly rotation: Rotation;
  /** Of this worker's lease. */
  readonly fence: number;
  /** `<rotationId>.<attempt>` now. */
  readonly attemptId: string;
  /** Records what is about to be done. @throws ServiceError `LEASE_ENDED` when there is no time left to do it. */
  intent(act: RotationAct, operations?: readonly VaultOperation[], facts?: RotationFacts): Promise<void>;
  /** @throws ServiceError `LEASE_ENDED` when there is no time left to begin an act. */
  requireTime(): void;
  /** Records what was done, with the operations noted since the entry before. */
  outcome(act: RotationAct, change?: Change): Promise<void>;
  /** The reads of values that the journal accounts for, those of this pass included. */
  ownReads(): readonly VaultOperation[];
  /** What the issuer is asked with: acting as the version in force before publication, or as the new one behind it. */
  request(inForce: 'old' | 'new'): Promise<IssueRequest>;
  /** The same without the value in force, for questions that need none: a value that is not read need not be accounted for. */
  question(inForce: 'old' | 'new'): IssueRequest;
}

/**
 * Reads the journal under the lease and binds it to the policy of today.
 * @throws ServiceError `ROTATION_UNKNOWN`, `SECRET_NOT_BOUND`, `ISSUER_UNKNOWN`, or `ISSUER_TARGET_REFUSED` when the
 * policy has come to name another target than the one claimed: a rotation never moves from one target to another.
 */
export async function openWork(tools: RotationTools, rotationId: string, lease: Lease): Promise<RotationWork> {
  let entries: readonly JournalEntry[] = await readJournal(tools.records, rotationId);
  let rotation = rotationOf(rotationId, entries);
  const { unit, issuer } = boundTo(tools, rotation);
  let operations: readonly VaultOperation[] = [];
  const values = new Map<'old' | 'new', SecretValue | null>();

  const work: RotationWork = {
    tools,
    unit,
    issuer,
    fence: lease.fence,
    get rotation() {
      return rotation;
    },
    get attemptId() {
      return attemptIdOf(rotationId, rotation.attempt);
    },
    note: (done) => {
      operations = [...operations, done];
    },
    intent: async (act, planned = [], facts = {}) => {
      requireTime();
      await append('intent', act, { facts }, planned);
      // Writing may have taken long: whoever slept here must not begin what another worker may have done by now.
      requireTime();
    },
    requireTime,
    outcome: async (act, change = {}) => {
      const done = operations;
      operations = [];
      await append('outcome', act, change, done);
    },
    ownReads: () =>
      [...entries.flatMap((entry) => (entry.kind === 'outcome' ? entry.operations : [])), ...operations].filter(
        (one) => one.operation === 'SecretGet',
      ),
    request: async (inForce) => {
      if (!values.has(inForce)) values.set(inForce, await valueInForce(work, inForce));
      const request = work.question(inForce);
      for (const { vault, name } of issuer.reads?.(request.binding) ?? []) {
        work.note(operation(tools, 'SecretGet', vault, name, null));
      }
      return { ...request, current: values.get(inForce) ?? null };
    },
    question: (inForce) => {
      const { binding, credentialId } = sideOf(work, inForce);
      return {
        binding,
        rotationId: work.attemptId,
        current: null,
        currentCredentialId: credentialId,
        signal: tools.abortAfter(Math.max(1, lease.remainingMs())),
        now: tools.now(),
      };
    },
  };
  return work;

  function requireTime(): void {
    if (lease.remainingMs() <= 0) throw new ServiceError('LEASE_ENDED', { rotationId });
  }

  async function append(kind: JournalEntry['kind'], act: RotationAct, change: Change, done: readonly VaultOperation[]) {
    const step = change.step ?? rotation.step;
    const entry = await appendEntry(tools.records, rotationId, entries, {
      attempt: change.attempt ?? rotation.attempt,
      fence: lease.fence,
      at: tools.now().toISOString(),
      kind,
      act,
      step,
      state: change.state ?? (change.step === undefined ? rotation.state : step),
      facts: change.facts ?? {},
      operations: done,
    });
    entries = [...entries, entry];
    rotation = withEntry(rotation, entry);
  }
}

/** The binding and the credential that are in force before, or behind, the publication. */
function sideOf({ unit, rotation }: RotationWork, inForce: 'old' | 'new') {
  const [binding] = unit.members;
  const [{ fromCredentialId }] = rotation.claim.members;
  return { binding, credentialId: inForce === 'old' ? fromCredentialId : rotation.credentialId };
}

async function valueInForce(work: RotationWork, inForce: 'old' | 'new'): Promise<SecretValue | null> {
  const [{ vault, secret, fromVersion }] = work.rotation.claim.members;
  if (work.issuer.credentialClass === 'self') return null;
  const version = inForce === 'old' ? fromVersion : work.rotation.published.get(bindingKey({ vault, name: secret }));
  return version === undefined ? null : readValue(work, { vault, secret, version });
}

function boundTo(tools: RotationTools, { claim }: Rotation): { unit: RotationUnit; issuer: CredentialIssuer } {
  const [{ vault, secret }] = claim.members;
  const unit = unitOf(tools.policy, { vault, name: secret });
  if (unit === null) throw new ServiceError('SECRET_NOT_BOUND', { vault, secret });
  const issuer = issuerOf(unit, tools.issuers, tools.policy);
  const names = unit.members.map(bindingKey).join(' ');
  const same = targetKeyOf(unit, issuer) === claim.targetKey && issuer.credentialClass === claim.credentialClass;
  if (
    same &&
    names === claim.members.map((member) => bindingKey({ vault: member.vault, name: member.secret })).join(' ')
  ) {
    return { unit, issuer };
  }
  const reason = 'The policy has come to name another target, issuer or group while this rotation was under way.';
  throw new ServiceError('ISSUER_TARGET_REFUSED', {
    issuer: issuer.name,
    secret: `${vault}/${secret}`,
    place: 'target',
    reason,
  });
}
