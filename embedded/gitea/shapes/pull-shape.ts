import { fullName, isoTime, rowById, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredPull } from '../server/gitea-state.ts';
import { repositoryShape, type ShownRights } from './repository-shape.ts';
import { ownerShape } from './user-shape.ts';

/**
 * Returns a pull request in the form of Gitea's API (definition `PullRequest`). Strangers show in the head: a fork's
 * `head.repo` is another repository, or `null` with `repo_id` -1 after the fork was deleted; a push to `refs/for/BRANCH`
 * (agit) has the base as its head repository and an empty `label`. Source: recorded `*-pull*` of 1.26.3.
 */
export function pullShape(instance: GiteaInstance, pull: StoredPull, rights: ShownRights = 'none') {
  const base = rowById(instance.state.repositories, pull.repositoryId);
  const address = `${instance.url()}/${fullName(base)}/pulls/${String(pull.number)}`;
  const created = isoTime(pull.created);
  const isOpen = pull.headRepositoryId !== null;
  return {
    id: pull.id,
    url: address,
    number: pull.number,
    user: ownerShape(instance, pull.author),
    title: `from ${pull.branch === '' ? pull.author : pull.branch}`,
    body: '',
    labels: [],
    milestone: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_reviewers_teams: [],
    // Gitea closes a pull request whose fork is deleted.
    state: isOpen ? 'open' : 'closed',
    draft: false,
    is_locked: false,
    comments: 0,
    ...(pull.from === 'agit' || !isOpen ? {} : { additions: 1, deletions: 0, changed_files: 1 }),
    html_url: address,
    diff_url: `${address}.diff`,
    patch_url: `${address}.patch`,
    mergeable: true,
    merged: false,
    merged_at: null,
    merge_commit_sha: null,
    merged_by: null,
    allow_maintainer_edit: pull.from !== 'agit',
    base: {
      label: 'main',
      ref: 'main',
      sha: baseCommit,
      repo_id: base.id,
      repo: repositoryShape(instance, base, rights),
    },
    head: headShape(instance, pull, rights),
    merge_base: baseCommit,
    due_date: null,
    created_at: created,
    updated_at: created,
    closed_at: isOpen ? null : created,
    pin_order: 0,
    content_version: 0,
  };
}

/** The merge base of every pull request, because embedded repositories have no commits. */
export const baseCommit = 'a'.repeat(40);

/** The head's branch, or its reference in the base if the branch is gone or never existed (agit). */
export function headReference(pull: StoredPull): string {
  const gone = pull.branch === '' || pull.branchDeleted || pull.headRepositoryId === null;
  return gone ? `refs/pull/${String(pull.number)}/head` : pull.branch;
}

function headShape(instance: GiteaInstance, pull: StoredPull, rights: ShownRights) {
  const head = instance.state.repositories.find((row) => row.id === pull.headRepositoryId);
  return {
    label: pull.branch,
    ref: headReference(pull),
    sha: pull.commit,
    repo_id: head?.id ?? -1,
    repo: head === undefined ? null : repositoryShape(instance, head, rights),
  };
}
