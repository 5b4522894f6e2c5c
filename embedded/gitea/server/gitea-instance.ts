import type { Clock } from '../../clock.ts';
import type { GiteaState, StoredHook, StoredJob, StoredRepository } from './gitea-state.ts';

/** A running embedded Gitea, for its routes and runners. */
export interface GiteaInstance {
  readonly clock: Clock;
  readonly state: GiteaState;
  /** Such as `1.26.3`: returned by `/version`; decides how re-runs behave. */
  readonly version: string;
  /** Signs runtime tokens. */
  readonly signingKey: Buffer;
  /** `http://localhost:PORT`. */
  url(): string;
  /** The artifact route's answer for a run without artifacts. */
  readonly withoutArtifacts: 'empty-list' | 'not-found';
  /** `[api] MAX_RESPONSE_ITEMS`. */
  readonly maxResponseItems: number;
  /** `[service] ENABLE_BASIC_AUTHENTICATION`. If off, Gitea accepts no password, but a token as the password. */
  readonly basicAuthentication: boolean;
  /** Sends the delivery of `POST …/hooks/{id}/tests`. */
  testHook(hook: StoredHook, repository: StoredRepository): void;
  /** Removes a repository with its runs, jobs and logs. */
  deleteRepository(fullName: string): void;
  /** Handles the push of a workflow file: runs it if a runner has its label. */
  pushWorkflow(repository: StoredRepository, file: string, text: string, pusher: string): void;
  /** Sends the deliveries for a change of a job's row. */
  jobChanged(job: StoredJob): void;
  /** Remembers a secret value for leak tests, and returns it. */
  remember(secret: string): string;
  /** Call after each change of the state. */
  changed(): void;
}

/** The clock's time in whole seconds, as Gitea stores it. */
export function seconds(instance: GiteaInstance): number {
  return Math.floor(instance.clock.now().getTime() / 1000);
}

/** Seconds as Gitea's API writes them: `1970-01-01T00:00:00Z` for never. */
export function isoTime(time: number): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z');
}

/** `owner/name`. */
export function fullName(repository: StoredRepository): string {
  return `${repository.owner}/${repository.name}`;
}

/** Returns whether each attempt of a job has its own row and id: since 1.27. */
export function hasAttemptRows(instance: GiteaInstance): boolean {
  return isAtLeast(instance.version, '1.27.0');
}

/** Returns the row with this id. @throws Error if it does not exist, because the state refers to it. */
export function rowById<Row extends { readonly id: number }>(rows: readonly Row[], id: number): Row {
  const row = rows.find((candidate) => candidate.id === id);
  if (row === undefined) throw new Error(`The embedded Gitea has no row ${String(id)} where one is referred to.`);
  return row;
}

/** Returns whether a dotted version is at least `least`. Ignores suffixes such as `-dev`. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) =>
    text
      .replace(/^v/, '')
      .split('.')
      .map((part) => Number.parseInt(part, 10)),
  );
  for (let place = 0; place < 3; place += 1) {
    const difference = (a?.[place] ?? 0) - (b?.[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
