import type { Clock } from '../../clock.ts';
import type { GiteaState, StoredHook, StoredJob, StoredRepository } from './gitea-state.ts';

/** One running embedded Gitea, as its routes and its runners see it. */
export interface GiteaInstance {
  readonly clock: Clock;
  readonly state: GiteaState;
  /** `1.26.3`: what `/version` says and what reruns depend on. */
  readonly version: string;
  /** Signs runtime tokens; made once an instance. */
  readonly signingKey: Buffer;
  /** `http://localhost:PORT`. */
  url(): string;
  /** What the artifact route answers for a run that has none. */
  readonly withoutArtifacts: 'empty-list' | 'not-found';
  /** `[api] MAX_RESPONSE_ITEMS`. */
  readonly maxResponseItems: number;
  /** `[service] ENABLE_BASIC_AUTHENTICATION`: without it Gitea takes no password, but a token in a password's place. */
  readonly basicAuthentication: boolean;
  /** Sends what `POST …/hooks/{id}/tests` asks for. */
  testHook(hook: StoredHook, repository: StoredRepository): void;
  /** Removes a repository with its runs, jobs and logs. */
  deleteRepository(fullName: string): void;
  /** What a push of a workflow file causes: a run of it, if a runner has its label. */
  pushWorkflow(repository: StoredRepository, file: string, text: string): void;
  /** Sends what a change of a job's row causes. */
  jobChanged(job: StoredJob): void;
  /** Notes a secret value that was minted or told, for leak tests. Gives it back. */
  remember(secret: string): string;
  /** To be called after each change of the state. */
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

/** Whether each attempt of a job has a row of its own, with an id of its own: from 1.27 on. */
export function hasAttemptRows(instance: GiteaInstance): boolean {
  return isAtLeast(instance.version, '1.27.0');
}

/** The one row that a reference within the state leads to. @throws Error when the state contradicts itself. */
export function rowById<Row extends { readonly id: number }>(rows: readonly Row[], id: number): Row {
  const row = rows.find((candidate) => candidate.id === id);
  if (row === undefined) throw new Error(`The embedded Gitea has no row ${String(id)} where one is referred to.`);
  return row;
}

/** Whether a dotted version is the named one or a later one. Suffixes such as `-dev` are not looked at. */
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
