import type { SecretBinding } from '../../secrets/policy.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import type { CredentialClass } from './rotation-steps.ts';
import type { SendDeadline } from './send-deadline.ts';

/** What an issuer is asked about. It refuses a target that is not exactly the binding's, before any call. */
export interface IssueRequest {
  readonly binding: SecretBinding;
  /** `<rotationId>.<attempt>`: becomes part of the credential's name at the provider, so that it can be found again. */
  readonly rotationId: string;
  /** The value in force, for issuers that act as, or compare with, the current credential; `null` when there is none. */
  readonly current: SecretValue | null;
  /** The `CredentialId` of the version in force; `null` when its tags do not say. */
  readonly currentCredentialId: string | null;
  /** Aborts before the time to send the request ends. */
  readonly signal: AbortSignal;
  /** By the vault's clock. */
  readonly now: Date;
  /** For `revoke`: end sessions that the old credential opened as well, because it may be in wrong hands. */
  readonly emergency?: boolean;
  /** Asked right before sending a request that changes something: a machine may sleep until then. */
  readonly deadline?: SendDeadline;
}

/** A credential of ours at the provider. */
export interface IssuedCredential {
  /** The provider's own name for it, kept in the `CredentialId` tag. Never secret. */
  readonly credentialId: string;
  readonly value: SecretValue;
}

/** What the provider says of a credential. `notes` are safe to print: principal, host, scopes. */
export type Verification =
  | { readonly outcome: 'works'; readonly principal: string; readonly notes: readonly string[] }
  /** Not usable yet (propagation): try again within the budget. */
  | { readonly outcome: 'not-yet'; readonly reason: string }
  /**
   * Refused, or it is another principal's, or its scopes are not the target's: never publish it.
   * `authenticated`: whether the provider let it in nevertheless. Only a credential that it did not let in is dead.
   */
  | { readonly outcome: 'refused'; readonly authenticated: boolean; readonly reason: string };

/** What is at the provider under this rotation's name. */
type Description =
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'present'; readonly credentialId: string; readonly value: SecretValue | null };

/**
 * Sessions that a credential opened, which a provider keeps after the credential has ended. `ended`: how many `revoke`
 * ended. `open`: how many live on; `null` if the provider does not let Keyturn count them.
 */
export interface SessionsLeft {
  readonly ended: number;
  readonly open: number | null;
}

/** How the end of a credential was shown. `sessions` is absent if the provider keeps none. */
export type Revocation =
  | { readonly outcome: 'revoked'; readonly sessions?: SessionsLeft }
  /** It was gone already. */
  | { readonly outcome: 'absent' };

/**
 * Issues, verifies and revokes one kind of credential. One file an issuer, one contract suite for all.
 * No call is repeated underneath; every call may be made again after a crash and converges.
 * Rejects with a ServiceError when the provider could not be asked; `null` and `absent` mean that it was asked.
 */
export interface CredentialIssuer {
  readonly name: string;
  readonly credentialClass: CredentialClass;

  /**
   * The faults of a binding's target, each with its place (`target.user`); empty when it is right. No network.
   */
  check(binding: SecretBinding): readonly { readonly place: string; readonly reason: string }[];

  /** For classes `chosen` and `self`: a new value by the target's rules. No network. `null` for the other classes. */
  propose(request: IssueRequest): SecretValue | null;

  /**
   * Makes the credential real at the provider. `chosen`: sets `proposed`, idempotent. `minted`: makes a new one.
   * `read-back`: renews the slot that is not in force. `self`: returns `proposed`.
   * @throws ServiceError with retry `never` and an `…_ANSWER_UNCLEAR` code when the answer was lost: describe, then decide.
   */
  issue(request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential>;

  /**
   * The form in which one member of a group holds the credential, such as a connection string around a key.
   * Left out by issuers whose secrets all hold the value as it is. No network.
   */
  formFor?(binding: SecretBinding, credential: IssuedCredential): SecretValue;

  /** Uses the credential: who am I, on which host, with which scopes. */
  verify(request: IssueRequest, credential: IssuedCredential): Promise<Verification>;

  /** Looks for this rotation's credential, by name. Changes nothing. */
  describe(request: IssueRequest): Promise<Description>;

  /** Every credential at this target that carries Keyturn's naming, whichever rotation made it: for finding orphans. */
  list(
    binding: SecretBinding,
    signal: AbortSignal,
  ): Promise<readonly { readonly credentialId: string; readonly rotationId: string }[]>;

  /** Ends one credential, by the provider's id. Never one that is not named. */
  revoke(request: IssueRequest, credentialId: string): Promise<Revocation>;

  /** When the provider last saw this credential used; `null` when the provider does not tell. */
  lastUsed(request: IssueRequest, credentialId: string): Promise<Date | null>;
}
