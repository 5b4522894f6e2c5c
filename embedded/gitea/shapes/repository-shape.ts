import { fullName, isoTime, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredRepository } from '../server/gitea-state.ts';
import { ownerShape } from './user-shape.ts';

/** A repository as Gitea's API writes one (definition `Repository`). `administer`: the caller's right. */
export function repositoryShape(instance: GiteaInstance, repository: StoredRepository, administer: boolean) {
  const name = fullName(repository);
  const address = `${instance.url()}/${name}`;
  const counts = {
    stars_count: 0,
    forks_count: 0,
    watchers_count: 1,
    branch_count: 1,
    open_issues_count: 0,
    open_pr_counter: 0,
    release_counter: 0,
  };
  return {
    id: repository.id,
    owner: ownerShape(instance, repository.owner),
    name: repository.name,
    full_name: name,
    description: '',
    empty: false,
    private: repository.private,
    fork: false,
    template: false,
    mirror: false,
    size: 28,
    language: '',
    languages_url: `${instance.url()}/api/v1/repos/${name}/languages`,
    html_url: address,
    url: `${instance.url()}/api/v1/repos/${name}`,
    link: '',
    ssh_url: `ssh://git@localhost/${name}.git`,
    clone_url: `${address}.git`,
    original_url: '',
    website: '',
    ...counts,
    default_branch: 'main',
    archived: false,
    archived_at: isoTime(0),
    created_at: isoTime(repository.created),
    updated_at: isoTime(repository.created),
    permissions: { admin: administer, push: administer, pull: true },
    has_code: true,
    has_issues: true,
    has_actions: true,
    internal: false,
    avatar_url: '',
    topics: [],
    licenses: [],
    object_format_name: 'sha1',
  };
}
