/** What a target may be written as: the issuer checks its own shape and refuses the rest. */
export type TargetValue = string | number | boolean | readonly string[];

/** The policy's word on one secret. Tags may shorten or forbid what stands here, never widen it. */
export interface SecretBinding {
  /** Short name of the vault, lower-case. */
  readonly vault: string;
  readonly name: string;
  /** Name of a credential issuer, such as `generated` or `gitea-token`. */
  readonly issuer: string;
  /** The exact thing whose credential this is. */
  readonly target: Readonly<Record<string, TargetValue>>;
  readonly validityMs: number;
  /** How long the previous version stays usable after a new one is published. */
  readonly graceMs: number;
  /** How long a consumer may hold a value it has read before it must read again. */
  readonly consumersLifetimeMs: number;
  /** A version younger than this is never rotated, whatever an event says. */
  readonly minimumAgeMs: number;
  /** Rotations of this secret in 24 hours, at most. */
  readonly rotationsPerDay: number;
  readonly environment: string | null;
  /** Names of namespaces whose jobs may read this secret. */
  readonly namespaces: readonly string[];
  /** Before which steps a second person must agree. */
  readonly approval: readonly ('publish' | 'revoke')[];
  /** Secrets of one group hold parts or copies of one credential and are published as one unit. */
  readonly group: string | null;
  /** Further places that the new value is published to, such as a Gitea Actions secret. */
  readonly alsoPublish: readonly Readonly<Record<string, TargetValue>>[];
}

/** Whose jobs may read: a job is inside when every list that is given holds its part. An empty list forbids nothing. */
export interface Namespace {
  readonly name: string;
  /** `owner/name` of repositories. */
  readonly repositories: readonly string[];
  readonly branches: readonly string[];
  readonly events: readonly string[];
  /** Whether a pull request from a fork may read. */
  readonly forks: boolean;
}

/** What an object id of the tenant is known to be. Without this no attribution can be better than `claimed`. */
export interface IdentityRule {
  readonly objectId: string;
  readonly role: 'runner' | 'rotator' | 'reporter' | 'platform';
  /** Labels of the runners that carry this identity; for role `runner`. */
  readonly runnerLabels: readonly string[];
  /** `owner/name` of all repositories whose jobs run with it; exactly one makes it dedicated. */
  readonly repositories: readonly string[];
  /** Addresses (or CIDR ranges) that the vault may see this identity come from; empty when unknown. */
  readonly addresses: readonly string[];
  /**
   * Whether a job of its runners can reach what belongs to another: host mode, the host's container engine, or runners
   * that mix up variables (before 1.0.3). No read with it is better than `corroborated` then. Not, when not given.
   */
  readonly sharedHost?: boolean;
}

/** `keyturn.policy.yml`, checked. */
export interface Policy {
  readonly format: 1;
  /** By `vault/name`, both lower-case. */
  readonly secrets: ReadonlyMap<string, SecretBinding>;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** By object id, lower-case. */
  readonly identities: ReadonlyMap<string, IdentityRule>;
}

/** Observe mode: nothing is bound, so nothing is rotated. */
export const emptyPolicy: Policy = { format: 1, secrets: new Map(), namespaces: new Map(), identities: new Map() };
