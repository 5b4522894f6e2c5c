import { ServiceError } from '../../service-error.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { Terms } from '../decide/decision.ts';
import type { KeptHead } from '../journal/kept-head.ts';
import type { IndexedTarget } from '../journal/target-index.ts';
import type { TargetJournal } from '../journal/target-journal.ts';
import { emptyState, openAttempt, type TargetState } from '../journal/target-state.ts';
import type { VaultOperation } from '../journal/journal-entry.ts';
import type { CredentialIssuer, IssuedCredential, IssueRequest } from '../ports/credential-issuer.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { bindingKey, placeIn } from '../rotation-unit.ts';

/** One credential target, bound to what works on it. */
export interface Target {
  readonly key: string;
  readonly tools: RotationTools;
  readonly issuer: CredentialIssuer;
  /** Without what only the vault can tell: see `observe`. */
  readonly terms: Omit<Terms, 'dueness' | 'rotationId' | 'stopped' | 'windowFrom'>;
}

/**
 * What one worker knows of a target. Plain values: a copy of it is the same worker, and one that died leaves nothing but what
 * the journal, the vault and the provider hold.
 */
export interface Worker {
  readonly writer: string;
  journal: TargetJournal | null;
  /** Credentials that only this memory holds, by key. */
  remembered: Map<string, IssuedCredential>;
  /** Done on vaults since the entry before. */
  operations: VaultOperation[];
  checkedAt: Date | null;
  /** Values that were read in this drive, by `vault/name@version`. */
  values: Map<string, SecretValue>;
  /** The journal's head, as it is kept outside the journal. */
  keptHead: KeptHead | null;
  /** The journal lacks the entry that was kept as its head. */
  setBack: boolean;
}

export function newWorker(writer: string, journal: TargetJournal | null, checkedAt: Date | null): Worker {
  const remembered = new Map<string, IssuedCredential>();
  return { writer, journal, remembered, operations: [], checkedAt, values: new Map(), keptHead: null, setBack: false };
}

/** A worker that goes on from what this process and the index know of a target. */
export function knownWorker({ tools, key }: Target, indexed: Pick<IndexedTarget, 'checkedAt'> | null): Worker {
  const checkedAt = indexed?.checkedAt == null ? null : new Date(indexed.checkedAt);
  return newWorker(tools.newId(), tools.memory.journals.get(key) ?? null, checkedAt);
}

/** Where the journal leaves a target, as a worker knows it. */
export function stateOf({ target, worker }: { readonly target: Target; readonly worker: Worker }): TargetState {
  return worker.journal?.state ?? emptyState(target.key);
}

/**
 * Another worker went on with the open attempt: what this one had in memory for it may not be what that one has staged. Of a
 * minted credential there is one value for a name, whoever has it.
 */
export function forgetAttempt({ journal, remembered }: Worker): void {
  const open = journal === null ? null : openAttempt(journal.state);
  if (open !== null && open.claim.credentialClass !== 'minted') remembered.delete(open.credential);
}

/** The first secret of the target, by name: values are staged under it, and its vault's clock is the target's. */
export function firstMember({ terms: { bindings } }: Pick<Target, 'terms'>): string {
  return bindingKey(bindings[0]);
}

/** The binding of one secret of the target. */
export function bindingFor({ terms: { bindings } }: Pick<Target, 'terms'>, member: string): SecretBinding {
  return bindings.find((one) => bindingKey(one) === member) ?? bindings[0];
}

/** Names of a credential's target in a fault: its issuer, and its first secret. */
export function issuerAndSecret({ issuer: { name: issuer }, terms: { bindings } }: Target): {
  readonly issuer: string;
  readonly secret: string;
} {
  return { issuer, secret: bindings[0].name };
}

/** No enabled version holds the value of a secret that is to be in force. */
export function valueLost(member: string): ServiceError {
  const { vault, name: secret } = placeIn(member);
  return new ServiceError('DESIRED_VALUE_LOST', { vault, secret });
}

/** What an issuer is asked with. `current`: the value in force, where the question needs it. */
export function requestFor(
  { tools, terms: { bindings } }: Target,
  asked: Pick<IssueRequest, 'current' | 'currentCredentialId' | 'now'> & {
    credential: string;
    withinMs?: number | undefined;
  },
): IssueRequest {
  const { credential, withinMs = 30_000, ...more } = asked;
  return { binding: bindings[0], rotationId: credential, signal: tools.abortAfter(withinMs), ...more };
}
