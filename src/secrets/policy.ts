import type { SecretUse } from './secret-use.ts';

/** The values that a target may contain: each issuer checks its own shape and refuses everything else. */
export type TargetValue = string | number | boolean | readonly string[];

/** A time in which rotations may begin: days and hours of a time zone. One that ends before it begins goes past midnight. */
interface RotationWindow {
  readonly days: readonly ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[];
  /** `HH:MM`. */
  readonly from: string;
  readonly to: string;
  /** Name in the IANA database, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** A secret that the broker gives to a job only after a person agreed. */
export interface AccessRule {
  /** Who may agree: `operator` for everybody with that role in the portal, or names of `people`. */
  readonly approvers: readonly string[];
  /** How long an approval lasts, within the life of the job. */
  readonly lastsMs: number;
  /** How many reads one approval allows. */
  readonly uses: number;
  /** Which jobs may ask; as a namespace, and no job of a fork. */
  readonly when: Pick<Namespace, 'branches' | 'events' | 'workflows' | 'protectedBranch'>;
}

/** A person with accounts at the portal's identity provider and at Gitea, neither of which ever changes its id. */
export interface PolicyPerson {
  readonly name: string;
  /** `iss` without a trailing slash, and `sub` (`oid` at Entra). */
  readonly subject: { readonly issuer: string; readonly id: string };
  /** The id of the account at Gitea. */
  readonly gitea: number;
}

/** One secret in the policy: its issuer, target and limits. Tags may shorten or forbid, never widen. */
export interface SecretBinding {
  /** Short name of the vault, lower-case. */
  readonly vault: string;
  readonly name: string;
  /** Name of a credential issuer, such as `generated` or `gitea-token`. */
  readonly issuer: string;
  /** The exact system or account whose credential this is. */
  readonly target: Readonly<Record<string, TargetValue>>;
  readonly validityMs: number;
  /** How long the previous version stays usable after a new one is published. */
  readonly graceMs: number;
  /** How long a consumer may use a value before it must read again. */
  readonly consumersLifetimeMs: number;
  /** Keyturn never rotates a version younger than this, whatever an event says. */
  readonly minimumAgeMs: number;
  /** At most so many rotations of this secret in 24 hours. */
  readonly rotationsPerDay: number;
  readonly environment: string | null;
  /** Names of namespaces whose jobs may read this secret. */
  readonly namespaces: readonly string[];
  /** Absent: the broker asks nobody. */
  readonly access?: AccessRule;
  /** What a job may do with it without having it; absent: nothing. */
  readonly uses?: readonly SecretUse[];
  /** `use`: the broker gives the value to no job. */
  readonly delivery?: 'use' | 'value';
  /** The steps that need a second person's approval. */
  readonly approval: readonly ('publish' | 'revoke')[];
  /** Secrets of one group hold parts or copies of one credential and are published as one unit. */
  readonly group: string | null;
  /** `by-hand`: only a person begins a rotation; `off`: nobody does, unless the value has leaked. */
  readonly mode: 'automatic' | 'by-hand' | 'off';
  /** Whether the secret's first rotation waits for a person's go. */
  readonly first: 'automatic' | 'go';
  /** When rotations may begin by themselves; empty: always. */
  readonly windows: readonly RotationWindow[];
  /** How often the value in force is tried at its provider. */
  readonly checkMs: number;
  /** Other places that receive the new value, such as a Gitea Actions secret. */
  readonly alsoPublish: readonly Readonly<Record<string, TargetValue>>[];
  /** A person looked: the value is random, though the secret's name or content type speaks of a provider. */
  readonly reviewed?: true;
  /** Who is responsible, in the operator's words. */
  readonly owner?: string;
}

/** One secret of the policy that no issuer can replace: people are reminded of it, and Keyturn never sets it. */
export interface TrackedSecret {
  /** Short name of the vault, lower-case. */
  readonly vault: string;
  readonly name: string;
  readonly owner: string | null;
  /** How long a version may be in force. */
  readonly validityMs: number;
  /** How long before its end people are reminded, longest first. */
  readonly remindersMs: readonly number[];
  readonly environment: string | null;
  /** Names of namespaces whose jobs may read this secret. */
  readonly namespaces: readonly string[];
  readonly access?: AccessRule;
  readonly uses?: readonly SecretUse[];
  readonly delivery?: 'use' | 'value';
}

/**
 * The jobs that may read: a job is inside if it matches every list that is not empty. An empty list forbids nothing.
 */
export interface Namespace {
  readonly name: string;
  /** `owner/name` of repositories. */
  readonly repositories: readonly string[];
  readonly branches: readonly string[];
  readonly events: readonly string[];
  /** Whether a pull request from a fork may read. */
  readonly forks: boolean;
  /** File names of workflows, such as `deploy.yml`. */
  readonly workflows: readonly string[];
  /** Whether only runs of a branch that Gitea protects may read. */
  readonly protectedBranch: boolean;
  /** `use`: its jobs may use the secrets as `uses` says, and get no value. */
  readonly delivery?: 'use' | 'value';
}

/** What the policy knows about an object id of the tenant. Without this no attribution can be better than `claimed`. */
export interface IdentityRule {
  readonly objectId: string;
  readonly role: 'runner' | 'rotator' | 'reporter' | 'broker' | 'platform';
  /** Labels of the runners that have this identity; for role `runner`. */
  readonly runnerLabels: readonly string[];
  /** `owner/name` of all repositories whose jobs run with it; exactly one makes it dedicated. */
  readonly repositories: readonly string[];
  /** Addresses (or CIDR ranges) from which this identity reaches the vault; empty if unknown. */
  readonly addresses: readonly string[];
  /**
   * Whether a job on its runners can reach another job's processes or files: host mode, the host's container engine, or
   * runners that mix up variables (before 1.0.3). No read with it is then better than `corroborated`. Defaults to
   * false.
   */
  readonly sharedHost?: boolean;
}

/** What holds for all secrets together. */
interface PolicyLimits {
  /** Rotations that begin in an hour, at most; `null`: no limit. */
  readonly mostPerHour: number | null;
  /** The same for the secrets of one environment, by its name. */
  readonly mostPerHourIn: ReadonlyMap<string, number>;
  /** Names of environments; a rotation in one waits for those of the same secret in the ones before it. */
  readonly environmentOrder: readonly string[];
}

/** `keyturn.policy.yml`, checked. */
export interface Policy {
  readonly format: 1;
  readonly limits: PolicyLimits;
  /** By `vault/name`, both lower-case. */
  readonly secrets: ReadonlyMap<string, SecretBinding>;
  /** Secrets without an issuer, by `vault/name`. */
  readonly tracked: ReadonlyMap<string, TrackedSecret>;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** By object id, lower-case. */
  readonly identities: ReadonlyMap<string, IdentityRule>;
  readonly people?: readonly PolicyPerson[];
}

/** Observe mode: no secret is bound, so Keyturn rotates nothing. */
export const emptyPolicy: Policy = {
  format: 1,
  limits: { mostPerHour: null, mostPerHourIn: new Map(), environmentOrder: [] },
  secrets: new Map(),
  tracked: new Map(),
  namespaces: new Map(),
  identities: new Map(),
};
