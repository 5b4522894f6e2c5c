/** The embedded Gitea's database: plain data, times in whole seconds since 1970, 0 for "never". */
export interface GiteaState {
  readonly format: 1;
  /** The highest id of each kind of row. */
  readonly newest: Record<RowKind, number>;
  readonly users: StoredUser[];
  readonly tokens: StoredToken[];
  readonly repositories: StoredRepository[];
  readonly pulls: StoredPull[];
  readonly runners: StoredRunner[];
  readonly runs: StoredRun[];
  readonly jobs: StoredJob[];
  readonly tasks: StoredTask[];
  readonly hooks: StoredHook[];
  readonly deployKeys: StoredDeployKey[];
  readonly actionsSecrets: StoredActionsSecret[];
  readonly issues: StoredIssue[];
  readonly comments: StoredComment[];
  readonly labels: StoredLabel[];
}

export type RowKind =
  | 'user'
  | 'token'
  | 'repository'
  | 'pull'
  | 'runner'
  | 'run'
  | 'job'
  | 'task'
  | 'hook'
  | 'deployKey'
  | 'issue'
  | 'comment'
  | 'label';

export interface StoredUser {
  readonly id: number;
  readonly name: string;
  /** Absent: derived from the name. */
  readonly email?: string;
  /** `salt:hash`, never the password. */
  passwordHash: string;
  /** Whether the user has a second factor, so that Gitea refuses the password alone. */
  readonly secondFactor: boolean;
  administrator: boolean;
  readonly created: number;
}

export interface StoredToken {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  /** `salt:hash`, never the token. */
  readonly hash: string;
  readonly lastEight: string;
  readonly scopes: readonly string[];
  readonly created: number;
  lastUsed: number;
}

export interface StoredRepository {
  readonly id: number;
  owner: string;
  name: string;
  readonly private: boolean;
  /** Users with the rights of an administrator in it, besides its owner. */
  readonly administrators: readonly string[];
  /** Whether the repository has its Actions unit. */
  readonly actions: boolean;
  /** The id of the repository that this one is a fork of. */
  readonly forkOf: number | null;
  /** Former `owner/name`s. Gitea redirects from them until another repository takes the name. */
  formerNames: readonly string[];
  /** Branches with a protection rule. Absent in states written before there were any. */
  readonly protectedBranches?: readonly string[];
  readonly created: number;
}

/** A pull request: from a branch of the same repository, from a fork, or by a push to `refs/for/BRANCH` (agit). */
export interface StoredPull {
  readonly id: number;
  readonly repositoryId: number;
  /** Counted per repository, from 1. */
  readonly number: number;
  readonly from: 'own' | 'fork' | 'agit';
  /** The head's repository; `null` if the fork was deleted. For agit it is the base. */
  headRepositoryId: number | null;
  /** The head's branch; empty for agit. */
  readonly branch: string;
  branchDeleted: boolean;
  readonly commit: string;
  readonly author: string;
  readonly created: number;
}

export interface StoredRunner {
  readonly id: number;
  readonly name: string;
  readonly labels: readonly string[];
  readonly version: string;
  /** The daemon's own environment, which host mode hands to every job. */
  readonly environment: Readonly<Record<string, string>>;
  disabled: boolean;
  /** `null`: for the whole site. */
  readonly repositoryId: number | null;
}

export interface StoredRun {
  readonly id: number;
  /** Counted per repository, from 1. */
  readonly number: number;
  readonly repositoryId: number;
  readonly workflow: string;
  readonly event: string;
  /** The pushed branch, or the base of a pull_request_target. Gitea returns no branch for a pull request's run. */
  readonly branch: string;
  /** The pull request that caused the run. */
  readonly pullNumber: number | null;
  readonly commit: string;
  readonly actor: string;
  /** Who wrote the commit; absent: the actor. `null`: nobody with an account. */
  readonly author?: string | null;
  readonly created: number;
}

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface StoredJob {
  readonly id: number;
  readonly runId: number;
  readonly repositoryId: number;
  /** What the web shows; matrix legs differ in it. */
  readonly name: string;
  /** The id in the workflow file; matrix legs share it. */
  readonly key: string;
  readonly labels: readonly string[];
  /** Before 1.27: 0 until a runner first takes the job; a queued re-run has the number of the previous attempt. */
  attempt: number;
  taskId: number;
  /** `waiting`: for another job of its run, or for the approval of a stranger's pull request. */
  status: 'queued' | 'waiting' | 'in_progress' | 'completed';
  conclusion: Conclusion | null;
  readonly created: number;
  started: number;
  stopped: number;
}

export interface StoredTask {
  readonly id: number;
  readonly jobId: number;
  readonly attempt: number;
  readonly runnerId: number;
  /** `cancelling` (since 1.27): cancelled, but its runner has not reported it yet. */
  status: 'running' | 'cancelling' | Conclusion;
  readonly started: number;
  stopped: number;
  /** Rows as Gitea stores them: RFC 3339 time-stamp, space, content of at most 65,536 bytes. */
  readonly log: string[];
  readonly steps: StoredStep[];
}

export interface StoredStep {
  readonly name: string;
  readonly started: number;
  stopped: number;
  conclusion: Conclusion | null;
}

/** The owner of a hook or an Actions secret. An organisation is an owner of repositories. */
export type Belonging =
  | { readonly kind: 'repository'; readonly id: number }
  | { readonly kind: 'organisation'; readonly name: string };

export interface StoredHook {
  readonly id: number;
  /** `default`: copied into new repositories; delivers nothing itself. */
  readonly of: Belonging | { readonly kind: 'system' } | { readonly kind: 'default' };
  readonly type: string;
  url: string;
  contentType: string;
  /** No route changes or returns it: a new secret needs a new hook. */
  readonly secret: string;
  events: readonly string[];
  active: boolean;
  readonly created: number;
  updated: number;
}

export interface StoredDeployKey {
  readonly id: number;
  readonly repositoryId: number;
  readonly title: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly readOnly: boolean;
  readonly created: number;
}

export interface StoredActionsSecret {
  readonly of: Belonging;
  /** Upper-case, as Gitea keeps it. */
  readonly name: string;
  value: string;
  description: string;
  readonly created: number;
}

export interface StoredIssue {
  readonly id: number;
  readonly repositoryId: number;
  /** Counted per repository together with its pull requests, from 1. */
  readonly number: number;
  title: string;
  body: string;
  /** Ids of labels. */
  readonly labels: readonly number[];
  readonly author: string;
  readonly created: number;
  updated: number;
  /** 0 while it is open. */
  closed: number;
}

export interface StoredComment {
  readonly id: number;
  readonly issueId: number;
  readonly body: string;
  readonly author: string;
  readonly created: number;
}

export interface StoredLabel {
  readonly id: number;
  readonly repositoryId: number;
  readonly name: string;
  /** Six hexadecimal digits. */
  readonly color: string;
  readonly description: string;
}

/** Returns whether a hook or secret of this owner applies to a repository. */
export function countsFor(of: StoredHook['of'], repository: StoredRepository): boolean {
  switch (of.kind) {
    case 'system':
      return true;
    case 'default':
      return false;
    case 'repository':
      return of.id === repository.id;
    case 'organisation':
      return of.name === repository.owner;
  }
}

/** The state of a new Gitea. Ids of different kinds start far apart, so that mix-ups show. */
export function emptyGiteaState(): GiteaState {
  const newest = {
    user: 0,
    token: 0,
    repository: 0,
    pull: 0,
    runner: 0,
    run: 1_000,
    job: 20_000,
    task: 300_000,
    hook: 0,
    deployKey: 0,
    issue: 400_000,
    comment: 500_000,
    label: 0,
  };
  const rows = {
    users: [],
    tokens: [],
    repositories: [],
    pulls: [],
    runners: [],
    runs: [],
    jobs: [],
    tasks: [],
    hooks: [],
  };
  return { format: 1, newest, ...rows, deployKeys: [], actionsSecrets: [], issues: [], comments: [], labels: [] };
}

/** The next id of a kind. */
export function nextId(state: GiteaState, kind: RowKind): number {
  state.newest[kind] += 1;
  return state.newest[kind];
}

/** The next number of a repository: issues and pull requests are counted together, and no number is used again. */
export function nextNumber({ issues, pulls }: GiteaState, repositoryId: number): number {
  const used = [...issues, ...pulls].filter((row) => row.repositoryId === repositoryId);
  return Math.max(0, ...used.map(({ number }) => number)) + 1;
}
