import type { SecretValue } from '../../secrets/secret-value.ts';
import type { SendDeadline } from './send-deadline.ts';

/** A version's properties: never its value. Times in UTC, whole seconds, as the vault keeps them. */
export interface SecretVersion {
  readonly name: string;
  /** 32 hexadecimal digits, given by the vault. */
  readonly version: string;
  readonly enabled: boolean;
  readonly notBefore: Date | null;
  readonly expires: Date | null;
  readonly created: Date;
  readonly contentType: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Present for the value of a Key Vault certificate, which the vault itself renews: it can be neither set nor changed. */
  readonly managed?: true;
}

/** What a new version is to be. `setSecret` replaces all properties: what is not given here is lost. */
export interface NewSecretVersion {
  readonly name: string;
  readonly value: SecretValue;
  readonly expires: Date | null;
  readonly contentType: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Asked right before sending: a machine may sleep until then. */
  readonly deadline?: SendDeadline;
}

/**
 * One vault's secrets, as far as a rotation needs them.
 * All reject with VAULT_ACCESS_DENIED, VAULT_THROTTLED or VAULT_UNREACHABLE when the vault did not answer the question.
 */
export interface SecretStore {
  /** The newest version, disabled or not. `null` only when the vault answered that there is none. Discloses no value. */
  latest(name: string): Promise<SecretVersion | null>;

  /** Every version, newest first (by creation, which has whole seconds; the vault promises no order). */
  versions(name: string): Promise<readonly SecretVersion[]>;

  /** The newest version of every secret of the vault, in no promised order. */
  list(): AsyncIterable<SecretVersion>;

  /**
   * One version's value. `null` only when there is no such version. `before` is called before each request, those after a lost
   * answer among them, because each may be a row of the vault's log; if it rejects, nothing is requested.
   * @throws ServiceError `SECRET_DISABLED`.
   */
  value(name: string, version: string, before: () => Promise<void>): Promise<SecretValue | null>;

  /**
   * Adds a version in one request, never repeated underneath: the vault has no compare-and-set, and a repeated PUT is a second version.
   * @throws ServiceError `VAULT_ANSWER_UNCLEAR` when the answer was lost; the version may exist.
   */
  add(version: NewSecretVersion): Promise<SecretVersion>;

  /** Changes properties of one version; `tags` replaces the whole map. Idempotent, so repeating is safe. */
  update(
    name: string,
    version: string,
    change: { readonly enabled?: boolean; readonly tags?: Readonly<Record<string, string>>; readonly expires?: Date },
  ): Promise<SecretVersion>;

  /** The vault's own clock, from the `Date` of its newest answer; `null` before the first. Destructive steps compare it with ours. */
  serverTime(): Date | null;
}
