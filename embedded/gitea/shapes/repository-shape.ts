import { fullName, isoTime, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredRepository } from '../server/gitea-state.ts';
import { neverInGo, ownerShape } from './user-shape.ts';

/** The reader's rights; `none` in answers that Gitea writes without a reader, such as a run's repository. */
export type ShownRights = 'none' | 'read' | 'administer';

/** Returns a repository in the form of Gitea's API (definition `Repository`). */
export function repositoryShape(instance: GiteaInstance, repository: StoredRepository, rights: ShownRights) {
  const name = fullName(repository);
  const address = `${instance.url()}/${name}`;
  const administer = rights === 'administer';
  return {
    id: repository.id,
    owner: ownerShape(instance, repository.owner),
    name: repository.name,
    full_name: name,
    description: '',
    empty: false,
    private: repository.private,
    fork: repository.forkOf !== null,
    template: false,
    ...parentOf(instance, repository, rights),
    mirror: false,
    size: 28,
    language: '',
    languages_url: `${instance.url()}/api/v1/repos/${name}/languages`,
    html_url: address,
    url: `${instance.url()}/api/v1/repos/${name}`,
    link: '',
    ssh_url: `git@localhost:${name}.git`,
    clone_url: `${address}.git`,
    original_url: '',
    website: '',
    ...countsOf(instance, repository),
    default_branch: 'main',
    archived: false,
    created_at: isoTime(repository.created),
    updated_at: isoTime(repository.created),
    archived_at: isoTime(0),
    permissions: { admin: administer, push: administer, pull: rights !== 'none' },
    has_code: true,
    ...unitsOf(repository),
    has_actions: repository.actions,
    ...mergingStyles,
    avatar_url: '',
    internal: false,
    mirror_interval: '',
    object_format_name: 'sha1',
    mirror_updated: neverInGo,
    topics: [],
    licenses: [],
  };
}

/** Gitea's defaults for a repository's merges. */
const mergingStyles = {
  ignore_whitespace_conflicts: false,
  allow_merge_commits: true,
  allow_rebase: true,
  allow_rebase_explicit: true,
  allow_squash_merge: true,
  allow_fast_forward_only_merge: true,
  allow_rebase_update: true,
  allow_manual_merge: false,
  autodetect_manual_merge: false,
  default_delete_branch_after_merge: false,
  default_merge_style: 'merge',
  default_allow_maintainer_edit: true,
};

const tracker = {
  enable_time_tracker: true,
  allow_only_contributors_to_track_time: true,
  enable_issue_dependencies: true,
};

/** A fork has only code and pull requests (DEFAULT_FORK_REPO_UNITS), so it has no issues and no tracker. */
function unitsOf({ forkOf }: StoredRepository) {
  const whole = forkOf === null;
  return {
    has_issues: whole,
    ...(whole ? { internal_tracker: tracker } : {}),
    has_wiki: whole,
    has_pull_requests: true,
    has_projects: whole,
    projects_mode: 'all',
    has_releases: whole,
    has_packages: whole,
  };
}

function countsOf({ state }: GiteaInstance, { id }: StoredRepository) {
  return {
    stars_count: 0,
    forks_count: state.repositories.filter((row) => row.forkOf === id).length,
    watchers_count: 1,
    branch_count: 1,
    open_issues_count: 0,
    open_pr_counter: state.pulls.filter((row) => row.repositoryId === id).length,
    release_counter: 0,
  };
}

/** A fork is shown with its parent while the parent exists. */
function parentOf(instance: GiteaInstance, { forkOf }: StoredRepository, rights: ShownRights): object {
  const parent = instance.state.repositories.find((row) => row.id === forkOf);
  return parent === undefined ? {} : { parent: repositoryShape(instance, parent, rights) };
}
