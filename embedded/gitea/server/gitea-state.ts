/** What the embedded Gitea keeps, as its database would: plain data, times in whole seconds since 1970, 0 for "never". */
export interface GiteaState {
  readonly format: 1;
  /** The newest id given to a row of each kind. */
  readonly newest: Record<RowKind, number>;
  readonly users: StoredUser[];
  readonly tokens: StoredToken[];
  readonly repositories: StoredRepository[];
  readonly runners: StoredRunner[];
  readonly runs: StoredRun[];
  readonly jobs: StoredJob[];
  readonly tasks: StoredTask[];
  readonly hooks: StoredHook[];
  readonly deployKeys: StoredDeployKey[];
  readonly actionsSecrets: StoredActionsSecret[];
}

export type RowKind = 'user' | 'token' | 'repository' | 'runner' | 'run' | 'job' | 'task' | 'hook' | 'deployKey';

export interface StoredUser {
  readonly id: number;
  readonly name: string;
  /** `salt:hash`, never the password. */
  passwordHash: string;
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
  readonly owner: string;
  readonly name: string;
  readonly private: boolean;
  /** Users with the rights of an administrator in it, besides its owner. */
  readonly administrators: readonly string[];
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
  readonly branch: string;
  readonly fork: boolean;
  readonly commit: string;
  readonly actor: string;
  readonly created: number;
}

export type Conclusion = 'success' | 'failure' | 'cancelled';

export interface StoredJob {
  readonly id: number;
  readonly runId: number;
  readonly repositoryId: number;
  /** What the web shows; matrix legs differ in it. */
  readonly name: string;
  /** The id in the workflow file; matrix legs share it. */
  readonly key: string;
  readonly labels: readonly string[];
  attempt: number;
  taskId: number;
  status: 'queued' | 'in_progress' | 'completed';
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
  status: 'running' | Conclusion;
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

/** What a hook or an Actions secret belongs to. An organisation is an owner of repositories. */
export type Belonging =
  | { readonly kind: 'repository'; readonly id: number }
  | { readonly kind: 'organisation'; readonly name: string };

export interface StoredHook {
  readonly id: number;
  /** `default`: copied into repositories made later; it delivers nothing itself. */
  readonly of: Belonging | { readonly kind: 'system' } | { readonly kind: 'default' };
  readonly type: string;
  url: string;
  contentType: string;
  /** Nothing changes it, nothing tells it: a new secret takes a new hook. */
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

/** Whether what belongs there counts for a repository. */
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

/** A Gitea in which nothing has happened. Ids of different kinds start far apart, so that one is not taken for another. */
export function emptyGiteaState(): GiteaState {
  const newest = {
    user: 0,
    token: 0,
    repository: 0,
    runner: 0,
    run: 1_000,
    job: 20_000,
    task: 300_000,
    hook: 0,
    deployKey: 0,
  };
  const rows = { users: [], tokens: [], repositories: [], runners: [], runs: [], jobs: [], tasks: [], hooks: [] };
  return { format: 1, newest, ...rows, deployKeys: [], actionsSecrets: [] };
}

/** The next id of a kind. */
export function nextId(state: GiteaState, kind: RowKind): number {
  state.newest[kind] += 1;
  return state.newest[kind];
}
