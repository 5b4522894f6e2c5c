import type { TargetValue } from '../../secrets/policy.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';

/** What the policy's `alsoPublish` says of one place; `kind` names the PublicationPlace. */
export type PlaceTarget = Readonly<Record<string, TargetValue>>;

/**
 * A further place that a new value is published to, such as a Gitea Actions secret.
 * It is written after the vault, overwriting what is there: doing it again converges.
 */
export interface PublicationPlace {
  /** What `kind` in `alsoPublish` says: `gitea-actions-secret`. */
  readonly kind: string;

  /** The faults of a place's target, each with its place; empty when it is right. No network. */
  check(target: PlaceTarget): readonly { readonly place: string; readonly reason: string }[];

  /** Overwrites what is there. Rejects with a ServiceError when the place could not be written. */
  publish(target: PlaceTarget, value: SecretValue, signal: AbortSignal): Promise<void>;
}
